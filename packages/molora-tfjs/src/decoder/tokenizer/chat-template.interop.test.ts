/** Templates of real models give the tokens that transformers gives. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { demoModel } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { createChatTemplate } from './chat-template.js';
import { createTokenizer } from './tokenizer.js';

/** ChatML, as SmolLM2 and Qwen write it, with a system turn of its own. */
const chatMl = `{% for message in messages %}
    {% if loop.first and messages[0]['role'] != 'system' %}
{{ '<|im_start|>system\nYou are helpful<|im_end|>\n' }}
    {% endif %}
{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}
{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`;

/** The kind of Llama 2: the system turn within the first of the user. */
const llama2 = `{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set system = messages[0]['content'] %}{% else %}{% set rest = messages %}{% set system = false %}{% endif %}{% for message in rest %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if loop.index0 == 0 and system != false %}{% set content = '<<SYS>>\n' + system + '\n<</SYS>>\n\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}`;

const system = { role: 'system', content: 'Be brief.' };
const user = { role: 'user', content: 'What is 2 + 3?\n' };
const assistant = { role: 'assistant', content: ' It is **5**.' };
const chats = [
  [user],
  [system, user],
  [user, assistant],
  [system, user, assistant, user, assistant],
];

describeUnless(pythonLacks('transformers>=5'), "transformers' apply_chat_template", () => {
  it.each([
    ['ChatML', chatMl],
    ['Llama 2', llama2],
  ])('of %s', (_, template) => {
    const file = join(demoModel, 'tokenizer.json');
    const config = { bos_token: '<s>', eos_token: { content: '</s>' }, chat_template: template };
    const printed = runPython(
      `
import json, sys
from transformers import PreTrainedTokenizerFast
template, chats = json.load(sys.stdin)
tokenizer = PreTrainedTokenizerFast(tokenizer_file=sys.argv[1], bos_token='<s>', eos_token='</s>', chat_template=template)
results = []
for ask in [False, True]:
    for chat in chats:
        options = dict(add_generation_prompt=ask, return_dict=False)
        text = tokenizer.apply_chat_template(chat, tokenize=False, **options)
        results.append([text, tokenizer.apply_chat_template(chat, tokenize=True, **options)])
print(json.dumps(results))`,
      { args: [file], input: JSON.stringify([template, chats]) },
    );
    const render = createChatTemplate(config)!;
    const tokenizer = createTokenizer(JSON.parse(readFileSync(file, 'utf8')));
    const own = [false, true].flatMap((ask) =>
      chats.map((chat) => {
        const text = render(chat, { ask });
        return [text, tokenizer.encode(text, { begin: false })];
      }),
    );
    expect(own).toEqual(JSON.parse(printed));
  });
});

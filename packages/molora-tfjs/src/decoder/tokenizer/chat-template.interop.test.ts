/** Templates of real models give the tokens that transformers gives. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { demoModel } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { chat } from '../../tasks/chat.js';
import { chatExample } from '../chat-examples.js';
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
/** Calls of tools in the manner of Qwen 2.5 and SmolLM3: the tools in the system turn, calls as JSON within a mark. */
const qwen = `{%- if tools %}{{- '<|im_start|>system\\n' }}{%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}{{- "<|im_end|>\\n" }}{%- endif %}{%- for message in messages %}{%- if message.role == "tool" %}{{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}{%- else %}{{- '<|im_start|>' + message.role }}{%- if message.content %}{{- '\\n' + message.content }}{%- endif %}{%- for tool_call in message.tool_calls or [] %}{%- if tool_call.function is defined %}{%- set tool_call = tool_call.function %}{%- endif %}{{- '\\n<tool_call>\\n{"name": "' }}{{- tool_call.name }}{{- '", "arguments": ' }}{{- tool_call.arguments | tojson }}{{- '}\\n</tool_call>' }}{%- endfor %}{{- '<|im_end|>\\n' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}`;
const tools = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: 'Weather in a "city" <now> & later: ünï',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];
const call = {
  type: 'function',
  function: { name: 'weather', arguments: { city: 'Zürich', days: [1, 2.5], metric: true } },
};
const called = [
  user,
  { role: 'assistant', content: '', tool_calls: [call] },
  { role: 'tool', content: '{"sky": "clear"}' },
  assistant,
];

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

  it('with tools, their calls and what they give, as records bring them', () => {
    const file = join(demoModel, 'tokenizer.json');
    const printed = runPython(
      `
import json, sys
from transformers import PreTrainedTokenizerFast
template, chat, tools = json.load(sys.stdin)
tokenizer = PreTrainedTokenizerFast(tokenizer_file=sys.argv[1], bos_token='<s>', eos_token='</s>', chat_template=template)
print(json.dumps([
    tokenizer.apply_chat_template(chat[:end], tools=tools, tokenize=False, add_generation_prompt=ask)
    for end, ask in [(1, True), (2, False), (3, True), (4, False)]
]))`,
      { args: [file], input: JSON.stringify([qwen, called, tools]) },
    );
    const [asked, calling, given, whole] = JSON.parse(printed) as string[];
    const record = {
      // As OpenAI writes arguments, and as tables keep tools.
      messages: called.map((message) =>
        'tool_calls' in message
          ? {
              ...message,
              content: null,
              tool_calls: [
                {
                  ...call,
                  function: {
                    ...call.function,
                    arguments: JSON.stringify(call.function.arguments),
                  },
                },
              ],
            }
          : message,
      ),
      tools: JSON.stringify(tools),
    };
    const template = createChatTemplate({ bos_token: '<s>', chat_template: qwen });
    const own = chat
      .parse(JSON.stringify(record), 'x.jsonl')
      .map((example) => chatExample(template, { ...example, messages: example.messages! }));
    expect(own).toEqual([
      { prompt: asked, completion: calling!.slice(asked!.length).trimEnd() },
      { prompt: given, completion: whole!.slice(given!.length).trimEnd() },
    ]);
  });
});

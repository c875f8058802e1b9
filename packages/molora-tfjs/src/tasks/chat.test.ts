/** Chats of both layouts, and what is learned of them in the format of a model. */
import type { Example } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { chatExample } from '../decoder/chat-examples.js';
import { createChatTemplate } from '../decoder/tokenizer/chat-template.js';
import { encodeExamples } from '../training/sequences.js';
import { chat } from './chat.js';

const turns = (example: Example): string[] =>
  example.messages!.map(({ role, content }) => `${role}: ${content}`);

/** From the guide of OpenAI to fine-tuning, shortened. */
const openAi = {
  messages: [
    { role: 'system', content: 'Marv is sarcastic.' },
    { role: 'user', content: 'Capital of France?' },
    { role: 'assistant', content: 'Paris', weight: 0 },
    { role: 'user', content: 'More sarcastic?' },
    { role: 'assistant', content: 'Paris, as if everyone knows not.', weight: 1 },
  ],
};
const shareGpt = {
  id: 'QWJhYvA_0',
  conversations: [
    { from: 'human', value: 'Hi' },
    { from: 'gpt', value: 'Hello!' },
    { from: 'human', value: 'Bye' },
    { from: 'gpt', value: 'See you.' },
  ],
};

describe('chat', () => {
  it('is an example for each answer to learn, with all before it', () => {
    expect(chat.parse(JSON.stringify(openAi), 'x.jsonl').map(turns)).toEqual([
      [
        'system: Marv is sarcastic.',
        'user: Capital of France?',
        'assistant: Paris',
        'user: More sarcastic?',
        'assistant: Paris, as if everyone knows not.',
      ],
    ]);
    expect(chat.parse(JSON.stringify([shareGpt]), 'x.json').map(turns)).toEqual([
      ['user: Hi', 'assistant: Hello!'],
      ['user: Hi', 'assistant: Hello!', 'user: Bye', 'assistant: See you.'],
    ]);
  });

  it.each<[object, string]>([
    [{ text: 'a' }, 'no field "messages" (its fields are text)'],
    [{ messages: 'a' }, 'messages is no list'],
    [{ messages: [null] }, 'messages[0]: no field "role"'],
    [{ messages: [{ role: 'user', content: 'a' }] }, 'messages has no answer'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0]: content is no'],
    [{ messages: [{ role: 'assistant', content: '', tool_calls: [] }] }, 'calls of tools'],
    [{ conversations: [{ from: 'observation', value: 'a' }] }, 'from is "observation", not one of'],
  ])('refuses %j', (record, message) => {
    expect(() => chat.parse(JSON.stringify(record), 'x.jsonl')).toThrow(
      expect.objectContaining({
        code: 'INVALID_DOCUMENT',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('chatExample', () => {
  const source =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hello!' },
  ];

  it('asks with the prompt, and answers up to the end of the turn', () => {
    expect(chatExample(createChatTemplate({ chat_template: source }), messages)).toEqual({
      prompt: '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
      completion: 'Hello!<|im_end|>',
    });
  });

  it('puts no second token before a text that a template began', () => {
    const encode = (text: string, { begin }: { begin: boolean }) => [
      ...(begin ? [1] : []),
      ...[...text].map((letter) => letter.charCodeAt(0)),
    ];
    const { sequences } = encodeExamples([{ prompt: 'a', completion: 'bc', begun: true }], {
      ...{ encode, maxLength: 9 },
    });
    expect(sequences).toEqual([
      { ids: Int32Array.of(97, 98, 99), weights: Float32Array.of(0, 1, 1) },
    ]);
  });

  it.each<[unknown, string]>([
    [{}, 'the model has no chat template (chat_template in tokenizer_config.json'],
    [{ chat_template: "{{ raise_exception('no user') }}" }, 'a chat of user: no user'],
    [
      { chat_template: "{% if add_generation_prompt %}{{ 'a' }}{% else %}{{ 'b' }}{% endif %}" },
      'in another way than it asks',
    ],
  ])('says what %j lacks', (config, message) => {
    expect(() => chatExample(createChatTemplate(config), messages)).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(message),
      }),
    );
  });

  it('refuses a template that is not valid', () => {
    expect(() => createChatTemplate({ chat_template: '{% for' })).toThrow(
      expect.objectContaining({ code: 'INVALID_CHECKPOINT' }),
    );
  });
});

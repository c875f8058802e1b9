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

  it('joins the parts of a text', () => {
    const said = (...texts: string[]) => texts.map((text) => ({ type: 'text', text }));
    const messages = [
      { role: 'developer', content: said('Be ', 'brief.') },
      { role: 'user', content: said('hello') },
      { role: 'assistant', content: said('Hi', '!') },
    ];
    const examples = chat.parse(JSON.stringify({ messages }), 'x.jsonl');
    expect(examples.map(turns)).toEqual([
      ['developer: Be brief.', 'user: hello', 'assistant: Hi!'],
    ]);
    expect(examples[0]!.completion).toBe('Hi!');
  });

  it.each<[object, string]>([
    [{ text: 'a' }, 'no field "messages" (its fields are text)'],
    [{ messages: 'a' }, 'messages is not a list'],
    [{ messages: [null] }, 'messages[0]: no field "role"'],
    [{ messages: [{ role: 'user', content: 'a' }] }, 'messages has no answer'],
    [
      { messages: [{ role: 'user', content: [{ type: 'text' }] }] },
      'x.jsonl, line 1, messages[0], content[0]: no field "text"',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'a' } }] }] },
      'x.jsonl, line 1, messages[0], content[0]: its type is "image_url", and only text can',
    ],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'bot', content: 'b' },
        ],
      },
      'x.jsonl, line 1, messages[1]: role is "bot", not one of system, developer, user, assistant, tool',
    ],
    [{ messages: [{ role: 'user', content: null }] }, 'messages[0]: content is null, not text'],
    [{ messages: [{ role: 'assistant', function_call: {} }] }, 'write tool_calls'],
    [
      { messages: [{ role: 'assistant', tool_calls: [{}] }] },
      'messages[0]: a call of a tool has no name',
    ],
    [
      { conversations: [{ from: 'function_call', value: 'a' }] },
      'conversations[0]: a call of a tool',
    ],
    [{ conversations: [{ from: 'bing', value: 'a' }] }, 'from is "bing", not one of'],
    [{ messages: [{ role: 'assistant', content: 'a' }], tools: 'a' }, 'tools is not a list'],
  ])('refuses %j', (record, message) => {
    expect(() => chat.parse(JSON.stringify(record), 'x.jsonl')).toThrow(
      expect.objectContaining({
        code: 'INVALID_DOCUMENT',
        message: expect.stringContaining(message),
      }),
    );
  });
});

/** The same call of a tool in the layouts of OpenAI, with and without text as arguments, and LLaMA-Factory. */
const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };
const called = { type: 'function', function: { name: 'weather', arguments: { city: 'Paris' } } };
const withTools: Array<[string, object]> = [
  [
    'OpenAI',
    {
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, tool_calls: [called] },
        { role: 'tool', content: 'sunny' },
        { role: 'assistant', content: 'Sun.', tool_calls: null },
      ],
      tools: [tool],
    },
  ],
  [
    'OpenAI, arguments and tools as text',
    {
      messages: [
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          tool_calls: [
            { type: 'function', function: { name: 'weather', arguments: '{"city":"Paris"}' } },
          ],
        },
        { role: 'tool', content: 'sunny', name: null },
        { role: 'assistant', content: 'Sun.' },
      ],
      tools: JSON.stringify([tool]),
    },
  ],
  [
    'LLaMA-Factory',
    {
      conversations: [
        { from: 'human', value: 'Weather?' },
        { from: 'function_call', value: '{"name": "weather", "arguments": {"city": "Paris"}}' },
        { from: 'observation', value: 'sunny' },
        { from: 'gpt', value: 'Sun.' },
      ],
      tools: JSON.stringify([tool.function]),
    },
  ],
];

describe('calls of tools', () => {
  const messages = [
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: '', tool_calls: [called] },
    { role: 'tool', content: 'sunny' },
    { role: 'assistant', content: 'Sun.' },
  ];
  const plain = "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content + '\\n' }}{% endfor %}";
  const calling =
    "{{ tools | tojson }}{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% for c in m.tool_calls or [] %}{{ c.function.name + (c.function.arguments | tojson) }}{% endfor %}{{ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

  it.each(withTools)('are learned, and what they give is read: %s', (_, record) => {
    const examples = chat.parse(JSON.stringify(record), 'x.jsonl');
    expect(examples.map((example) => [example.messages, example.tools])).toEqual([
      [messages.slice(0, 2), [tool]],
      [messages, [tool]],
    ]);
    const template = createChatTemplate({ chat_template: calling });
    const [call, answer] = examples.map((example) =>
      chatExample(template, { ...example, messages: example.messages! }),
    );
    expect(call!.completion).toBe('weather{"city": "Paris"}');
    expect(answer!.prompt).toContain('"name": "weather"');
    expect(answer!.prompt).toContain('<|tool|>sunny');
    expect(answer!.completion).toBe('Sun.');
  });

  it.each<[string, object, string]>([
    ['tools', { messages: [messages[0], messages[3]], tools: [tool] }, 'leaves out the tools'],
    ['calls', { messages: messages.slice(0, 2) }, 'leaves out the calls of tools in messages[1]'],
    [
      'what a tool gave',
      { messages: [messages[0], messages[2], messages[3]] },
      'leaves out what the role "tool" says in messages[1]',
    ],
  ])('are refused by line where a template leaves out %s', (_, record, message) => {
    const [example] = chat.parse(JSON.stringify(record), 'x.jsonl');
    const source = message.includes('role')
      ? "{% for m in messages if m.role != 'tool' %}{{ m.content }}{% endfor %}"
      : plain;
    const template = createChatTemplate({ chat_template: source });
    expect(() => chatExample(template, { ...example, messages: example!.messages! })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`x.jsonl, line 1: the model's chat template ${message}`),
      }),
    );
  });

  it('takes the system turn that stands beside the others', () => {
    const record = { system: 'Be brief.', conversations: shareGpt.conversations.slice(0, 2) };
    expect(chat.parse(JSON.stringify(record), 'x.jsonl').map(turns)).toEqual([
      ['system: Be brief.', 'user: Hi', 'assistant: Hello!'],
    ]);
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
    expect(chatExample(createChatTemplate({ chat_template: source }), { messages })).toEqual({
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
    expect(() => chatExample(createChatTemplate(config), { messages })).toThrow(
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

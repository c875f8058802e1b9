/** Records that are not as their task has them, and the registry. */
import { describe, expect, it } from 'vitest';
import { alpacaPrompt } from './alpaca.js';
import { tasks } from './registry.js';

const json = (...records: object[]): string => JSON.stringify(records);

describe('tasks', () => {
  it.each(tasks.names())('%s has its own name', async (name) => {
    const task = await tasks.load(name);
    expect(task.name).toBe(name);
    expect(task.summary).not.toBe('');
  });

  it('are found in any spelling', async () => {
    expect((await tasks.load('ARC_Easy')).name).toBe('arc-easy');
    expect((await tasks.load('commonsense_qa')).name).toBe('commonsenseqa');
    await expect(tasks.load('squad')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('choose one of mrpc, cola'),
    });
  });

  it.each<[string, string, string]>([
    ['mrpc', json({ Quality: '2', '#1 String': 'a', '#2 String': 'b' }), 'Quality is "2"'],
    ['mrpc', json({ sentence1: 'a' }), 'no field "#1 String" (its fields are sentence1)'],
    ['scienceqa', json({ question: 'q', choices: ['a', 'b'], answer: 2 }), 'answer 2 is none'],
    ['scienceqa', json({ question: 'q', choices: ['a'], answer: 0 }), 'none of its 1 choices'],
    ['scienceqa', json({ question: 'q', choices: 'ab', answer: 0 }), 'choices is not a list'],
    ['commonsenseqa', json({ question: 3, answerKey: 'A' }), 'no question with choices'],
    [
      'commonsenseqa',
      json({ question: { stem: 's', choices: [{ label: 'A', text: 'a' }, null] }, answerKey: 'A' }),
      'no field "text"',
    ],
    [
      'commonsenseqa',
      json({
        question: { stem: 's', choices: ['A', 'B'].map((label) => ({ label, text: 'a' })) },
        answerKey: 'C',
      }),
      'answer -1 is none of its 2',
    ],
    ['gsm8k', json({ question: 'q', answer: '3' }), 'does not end in ####'],
    ['gsm8k', json({ question: 'q', answer: '#### many' }), 'does not end in ####'],
    ['svamp', json({ Numbers: '1 2', Question: 'number2 ?', Answer: 1 }), 'it has no number2'],
    ['svamp', json({ Body: 'b', Question: 'q', Answer: 'x' }), 'Answer is not a number'],
    [
      'piqa',
      json({ instruction: 'Answer format: true/false', output: '', answer: 'true' }),
      'its options (true, false) are not those of this task',
    ],
    [
      'boolq',
      json({ instruction: 'Answer format: true/false', output: '', answer: 'yes' }),
      'its answer "yes" is none of its options (true, false)',
    ],
    [
      'arc-easy-text',
      json({ instruction: 'Which?\n\nAnswer format: a/b', output: '', answer: 'a' }),
      'it is not a question with answers that are listed',
    ],
    [
      'piqa-text',
      json({
        instruction:
          'Please choose the correct solution to the question: How?\n\nSolution1: so\n\nAnswer format: solution1/solution2',
        answer: 'solution1',
      }),
      'it lists no Solution2:',
    ],
    [
      'arc-easy-text',
      json({
        instruction:
          'Please choose the correct answer to the question: Q?\n\nAnswer1: a Answer2:\n\nAnswer format: answer1/answer2',
        answer: 'answer1',
      }),
      'or one is empty',
    ],
    ['scienceqa-text', json({ question: 'q', choices: ['a', 'b'], answer: 2 }), 'answer 2 is none'],
    ['text', json({ id: 1 }), 'no field "text"'],
    ['instructions', json({ instruction: 'a' }), 'no field "output"'],
    [
      'instructions',
      json({ instruction: 'a', input: 1, output: 'b' }),
      'input is a number, not text',
    ],
  ])('%s refuses %s', async (name, text, message) => {
    const task = await tasks.load(name);
    expect(() => task.parse(text, 'x.json')).toThrow(
      expect.objectContaining({
        tag: 'alphalora',
        code: 'INVALID_DOCUMENT',
        message: expect.stringContaining(message),
      }),
    );
    expect(() => task.parse(text, 'x.json')).toThrow(/^x\.json, record 1: /);
  });

  it('go on with the second part of a question', async () => {
    const { parse } = await tasks.load('openbookqa');
    const endings = { ending0: 'a', ending1: 'b', ending2: 'c', ending3: 'd' };
    const [example] = parse(json({ sent1: 'One', sent2: 'two', ...endings, label: 3 }), 'x.json');
    expect(example!.prompt).toContain('question: One two\n\nAnswer1: a Answer2: b');
    expect(example!.answer).toBe('answer4');
  });

  it('put questions by the text of their answers, two of the same text as one', async () => {
    const { parse } = await tasks.load('scienceqa-text');
    const question = { question: ' What sings? ', choices: ['a bee', 'a tree', 'a bee'] };
    const option = (label: string) => ({ label, completion: ` ${label}` });
    expect(parse(json({ ...question, answer: 2 }), 'x.json')).toEqual([
      {
        prompt: 'Question: What sings?\nAnswer:',
        completion: ' a bee',
        answer: 'a bee',
        options: [option('a bee'), option('a tree')],
      },
    ]);
  });

  it('write numbers without an exponent', async () => {
    const { parse } = await tasks.load('mawps');
    const [small, large] = parse(
      json({ original_text: 'a', ans: 1e-7 }, { original_text: 'a', ans: 2.5e21 }),
      'x.json',
    );
    expect(small!.answer).toBe('0.0000001');
    expect(large!.answer).toBe('2500000000000000000000');
  });

  it('take prompts and completions as they stand, and want the same text', async () => {
    const { parse, score } = await tasks.load('completions');
    const examples = parse(
      [
        { prompt: 'sort: ba >', completion: ' ab' },
        { prompt: 'x', completion: 'y' },
      ]
        .map((record) => JSON.stringify(record))
        .join('\n'),
      'a.jsonl',
    );
    expect(examples).toEqual([
      { prompt: 'sort: ba >', completion: ' ab', answer: 'ab' },
      { prompt: 'x', completion: 'y', answer: 'y' },
    ]);
    // As they stand also where they come with the instruction that they were made of.
    expect(
      parse('{"instruction":"i","output":"o","prompt":"a","completion":"b"}', 'a.jsonl'),
    ).toEqual([{ prompt: 'a', completion: 'b', answer: 'b' }]);
    expect(score!(['ab ', 'yy'], examples)).toMatchObject({ metric: 'accuracy', value: 0.5 });
    expect(() => parse('{"prompt":"a"}', 'a.jsonl')).toThrow(/no field "completion"/);
  });

  it('instructions take the records of Alpaca, and completions do not', async () => {
    const { parse } = await tasks.load('instructions');
    // The first two kinds of record of alpaca_data.json, and as exports write a missing input.
    const output = 'The three primary colors are red, blue, and yellow.';
    const instruction = 'What are the three primary colors?';
    const examples = parse(
      json({ instruction, input: '', output }, { instruction, input: null, output }),
      'alpaca_data.json',
    );
    expect(examples).toEqual(
      Array(2).fill({ prompt: alpacaPrompt(instruction), completion: output, answer: output }),
    );
    const completions = await tasks.load('completions');
    expect(() => completions.parse(json({ instruction, output }), 'x.json')).toThrow(
      /no field "completion"/,
    );
  });

  it('accept numbers for answers of instructions', async () => {
    const { parse, score } = await tasks.load('instructions');
    const examples = parse(json({ instruction: 'a', output: 'It is 4.', answer: 4 }), 'x.json');
    expect(examples[0]).toMatchObject({ completion: 'It is 4.', answer: '4' });
    expect(score!(['2 + 2 = 4'], examples)).toEqual({
      metric: 'accuracy',
      value: 1,
      others: {},
      unanswered: 0,
    });
  });
});

describe('alpacaPrompt', () => {
  // Word for word what the template of Stanford Alpaca says.
  it('has an input or none', () => {
    expect(alpacaPrompt('Name a bee.')).toBe(
      'Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nName a bee.\n\n### Response:\n',
    );
    expect(alpacaPrompt('Name it.', 'bee')).toContain('further context. Write');
    expect(alpacaPrompt('Name it.', 'bee')).toContain('\nName it.\n\n### Input:\nbee\n\n### Resp');
  });
});

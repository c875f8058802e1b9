/** Every data set as it is distributed: how many examples, and what the first one says. */
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { defined } from '@alphalora/contracts';
import type { Example, Split } from '@alphalora/contracts/extensions';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { beforeAll, describe, expect, it } from 'vitest';
import { tasks } from '../tasks/registry.js';
import { readTaskData } from './data.js';

const data = shared('data');

async function examplesOf(name: string, split: Split, path = data): Promise<Example[]> {
  return (await readTaskData(await tasks.load(name), path, split)).examples;
}

interface Expected {
  count: number;
  /** How many have which answer, where that is published or can be counted otherwise. */
  answers?: Record<string, number>;
  /** A part of the first prompt, its completion and answer. */
  first: [prompt: string, completion: string, answer: string | undefined];
}

const says = (label: string): [string, string] => [`the correct answer is ${label}`, label];

/** Counts of the data sets' authors; of LLM-Adapters' copies, of the files. */
const expected: ReadonlyArray<readonly [string, Split, Expected]> = [
  ['mrpc', 'train', {
    count: 3668, answers: { true: 2474, false: 1194 },
    first: ['Sentence1: Amrozi accused his brother, whom he called "the witness", of deliberately distorting his evidence.\n\nSentence2: Referring to him as only "the witness", Amrozi', ...says('true')],
  }],
  ['mrpc', 'validation', {
    count: 408, answers: { true: 279, false: 129 },
    first: ['\n\nSentence2: "The foodservice pie business does not fit our long-term growth strategy.\n', ...says('true')],
  }],
  ['cola', 'train', {
    count: 8551, answers: { true: 6023, false: 2528 },
    first: ["Sentence: Our friends won't buy this analysis, let alone the next one we propose.\n", ...says('true')],
  }],
  ['cola', 'validation', {
    count: 1043, answers: { true: 719, false: 324 },
    first: ['Sentence: The sailors rode the breeze clear of the rocks.\n', ...says('true')],
  }],
  ['rte', 'train', {
    count: 2490, answers: { true: 1249, false: 1241 },
    first: ['Text1: No Weapons of Mass Destruction Found in Iraq Yet.\n\nText2: Weapons of Mass Destruction Found in Iraq.\n', ...says('false')],
  }],
  ['rte', 'validation', {
    count: 277, answers: { true: 146, false: 131 },
    first: ['Text2: Christopher Reeve had an accident.\n', ...says('false')],
  }],
  ['scienceqa', 'train', {
    count: 6508,
    first: ["Answer1: ad hominem: a personal attack against one's opponent Answer2: circular reasoning", ...says('answer1')],
  }],
  ['scienceqa', 'test', {
    count: 2224,
    first: ['Answer1: chiasmus Answer2: apostrophe\n\nAnswer format: answer1/answer2\n', ...says('answer2')],
  }],
  ['commonsenseqa', 'train', {
    count: 9741,
    first: ['Answer1: ignore Answer2: enforce Answer3: authoritarian Answer4: yell at Answer5: avoid\n', ...says('answer1')],
  }],
  ['commonsenseqa', 'validation', {
    count: 1221,
    first: ['security measure at a what?\n\nAnswer1: bank Answer2: library', ...says('answer1')],
  }],
  ['openbookqa', 'train', {
    count: 4957,
    first: ['question: The sun is responsible for\n\nAnswer1: puppies learning new tricks', ...says('answer4')],
  }],
  ['openbookqa', 'validation', {
    count: 500,
    first: ['which is why they are known as\n\nAnswer1: Deep sea animals Answer2: fish', ...says('answer1')],
  }],
  ['openbookqa', 'test', {
    count: 500, answers: { answer1: 138, answer2: 126, answer3: 132, answer4: 104 },
    first: ['the best way to save money is to\n\nAnswer1: make more phone calls', ...says('answer2')],
  }],
  ['boolq', 'train', {
    count: 9427, answers: { true: 5874, false: 3553 },
    first: ['question: do iran and afghanistan speak the same language?\n', ...says('true')],
  }],
  ['boolq', 'test', {
    count: 3270, answers: { true: 2033, false: 1237 },
    first: ['does ethanol take more energy make that produces?\n\nAnswer format: true/false\n', ...says('false')],
  }],
  ['arc-easy', 'train', {
    count: 2251,
    first: ['likely cause a person to develop a fever?\n\nAnswer1: a leg muscle relaxing', ...says('answer2')],
  }],
  ['arc-easy', 'test', {
    count: 2376, first: ['Answer1: Sunlight is the source of energy for nearly all ecosystems. Answer2:', ...says('answer1')],
  }],
  ['scienceqa-text', 'test', { count: 2224, first: ['—Homer, The Iliad\nAnswer:', ' apostrophe', 'apostrophe'] }],
  ['commonsenseqa-text', 'train', { count: 9741, first: ['the school had made to change?\nAnswer:', ' ignore', 'ignore'] }],
  ['arc-easy-text', 'test', {
    count: 2376,
    first: ['photosynthesis is the foundation of most food webs?\nAnswer:', ' Sunlight is the source of energy for nearly all ecosystems.', 'Sunlight is the source of energy for nearly all ecosystems.'],
  }],
  ['arc-challenge-text', 'train', { count: 1119, first: ['\nAnswer:', ' dry palms', 'dry palms'] }],
  ['piqa-text', 'test', {
    count: 1838,
    first: ["How do I ready a guinea pig cage for it's new occupants?\nAnswer:", ' Provide the guinea pig with a cage full of a few inches of bedding made of ripped paper strips, you will also need to supply it with a water bottle and a food dish.', 'Provide the guinea pig with a cage full of a few inches of bedding made of ripped paper strips, you will also need to supply it with a water bottle and a food dish.'],
  }],
  ['siqa-text', 'test', { count: 1954, first: ['need to do before this?\nAnswer:', ' Find somewhere to go', 'Find somewhere to go'] }],
  ['openbookqa-text', 'test', { count: 500, first: ['to save money is to\nAnswer:', ' quit eating lunch out', 'quit eating lunch out'] }],
  ['arc-challenge', 'train', { count: 1119, first: ['Answer1: dry palms', ...says('answer1')] }],
  ['arc-challenge', 'test', {
    count: 1172,
    first: ['a planet rotates faster after a meteorite impact.', ...says('answer3')],
  }],
  ['piqa', 'test', {
    count: 1838, answers: { solution1: 910, solution2: 928 },
    first: ["How do I ready a guinea pig cage for it's new occupants?", ...says('solution1')],
  }],
  ['siqa', 'test', {
    count: 1954, answers: { answer1: 643, answer2: 654, answer3: 657 },
    first: ["Tracy didn't go home that evening", ...says('answer3')],
  }],
  ['winogrande', 'test', {
    count: 1267, answers: { option1: 628, option2: 639 },
    first: ['Option1: Sarah Option2: Maria Answer format: option1/option2\n', ...says('option2')],
  }],
  ['aqua', 'test', {
    count: 254, answers: { A: 63, B: 58, C: 46, D: 53, E: 34 },
    first: ['Roberts has a property worth of $1023.65.', '\nRationale: The greatest positive even integer less than or equal to $1023.65 is $1022. The difference between the actual property worth and the recorded property worth is $1.23.The answer is (D).', 'A'],
  }],
  ['mathqa', 'test', {
    count: 2985, answers: { A: 614, B: 605, C: 676, D: 628, E: 462 },
    first: ['a shopkeeper sold an article offering a discount of 5 %', 'The answer is (A).', 'A'],
  }],
  ['gsm8k', 'train', {
    count: 7473,
    first: ['Natalia sold clips to 48 of her friends in April', 'Natalia sold 48/2 = 24 clips in May.\nNatalia sold 48+24 = 72 clips altogether in April and May.\nThe answer is 72.', '72'],
  }],
  ['gsm8k', 'test', {
    count: 1319,
    first: ['Janet\u2019s ducks lay 16 eggs per day.', 'Janet sells 16 - 3 - 4 = 9 duck eggs a day.\nShe makes 9 * 2 = $18 every day at the farmer\u2019s market.\nThe answer is 18.', '18'],
  }],
  ['svamp', 'train', {
    count: 3138,
    first: ['If Bryan has 56 books in each of his 9 bookshelves , how many', 'The answer is 504.', '504'],
  }],
  ['svamp', 'validation', {
    count: 1000,
    first: ['julia played tag with 18 kids on monday . she played tag with 10 kids on tuesday . how many', 'The answer is 8.', '8'],
  }],
  ['svamp', 'test', {
    count: 1000,
    first: ['If there is a discount of 25 dollars on each pack. How much do you have to pay to buy each pack?', 'The answer is 51.', '51'],
  }],
  ['mawps', 'train', {
    count: 1898,
    first: ['A waiter had 22 customers in his section .', 'The answer is 2.', '2'],
  }],
  ['mawps', 'validation', {
    count: 237, first: ['How many crayons are in 3 boxes ?', 'The answer is 12.', '12'],
  }],
  ['mawps', 'test', {
    count: 238,
    first: ['Nicole found an orange caterpillar', 'The answer is 1.8333333333333335.', '1.8333333333333335'],
  }],
  ['addsub', 'test', {
    count: 395,
    first: ['There are 7 crayons in the drawer .', '\nA: There were 7 crayons in the drawer. Mary took 3 out, so now there are 7 - 3 = 4 crayons. The answer is 4.', '4'],
  }],
  ['multiarith', 'test', {
    count: 600,
    first: ['At the schools book fair Sam bought 13 adventure books', '\nA: Sam bought 13 adventure books and 17 mystery books. That means he bought 13 + 17 = 30 books in total. 15 of them were used, so he has 30 - 15 = 15 new books. The answer is 15.', '15.0'],
  }],
  ['singleeq', 'test', {
    count: 508,
    first: ['Oceanside Bike Rental Shop', '\nA: The rental fee is 17 dollars plus 7 dollars an hour. Tom paid 80 dollars. This means he paid 17 dollars for the rental fee and the rest for the hours. So, 80 - 17 = 63 dollars was for the hours. He paid 63 dollars for 7 dollars an hour. This means he paid 63 / 7 = 9 hours. The answer is 9.', '9.0'],
  }],
  ['math', 'train', {
    count: 3260,
    first: ['Julia played tag with 16 kids on monday.', '\nA: She played with 16 kids on Monday. She played with 12 more kids on Monday than on Tuesday. That means on Tuesday she played with 16 - 12 = 4 kids. The answer is 4.', '4.0'],
  }],
  ['text', 'train', {
    count: 7222,
    first: ['', 'First Citizen:\nBefore we proceed any further, hear me speak.', undefined],
  }],
  ['text', 'validation', {
    count: 12432,
    first: ['', 'Spot. Spot saw the shiny car and said, "Wow, Kitty, your car is so bright and clean!" Kitty smiled and replied, "Thank you, Spot. I polish it every day."\nAfter playing with the car, Kitty and Spot felt thirsty. They found a small pond with clear water. They drank the water and felt very happy. They played together all day and became best friends.', undefined],
  }],
]; // biome-ignore format: a table

describeUnless(sharedLacks('data'), 'data sets', () => {
  it.each(expected)('%s, %s', async (name, split, { count, answers, first }) => {
    const task = await tasks.load(name);
    const { examples } = await readTaskData(task, data, split);
    expect(examples).toHaveLength(count);
    const [prompt, completion, answer] = first;
    expect(examples[0]!.prompt).toContain(prompt);
    expect(examples[0]).toMatchObject({ completion, ...defined({ answer }) });
    if (answers) {
      const found: Record<string, number> = {};
      for (const { answer: own } of examples) found[own!] = (found[own!] ?? 0) + 1;
      expect(found).toEqual(answers);
    }
    if (!task.score) return;
    const [begin, end] = name.endsWith('-text')
      ? ['Question: ', '\nAnswer:']
      : ['Below is an instruction that describes a task. Write a response', '\n\n### Response:\n'];
    const odd = examples.filter(
      ({ prompt, answer, options }) =>
        !prompt.startsWith(begin!) ||
        !prompt.endsWith(end!) ||
        (options && options.filter(({ label }) => label === answer).length !== 1),
    );
    expect(odd).toEqual([]);
  });

  it('covers every task but those for data of any kind', () => {
    const general = ['instructions', 'chat', 'completions'];
    expect(new Set([...expected.map(([name]) => name), ...general])).toEqual(
      new Set(tasks.names()),
    );
  });

  it.each(expected)('%s, %s: right answers score 1', async (name, split) => {
    const task = await tasks.load(name);
    if (!task.score) return;
    const examples = await examplesOf(name, split);
    const outputs = examples.map(({ answer, options }) =>
      options
        ? options.find(({ label }) => label === answer)!.completion
        : `So, 1 + 1 = 2. The answer is ${answer}.`,
    );
    const { metric, value, others, unanswered } = task.score(outputs, examples);
    expect([metric, value, unanswered]).toEqual([name === 'cola' ? 'matthews' : 'accuracy', 1, 0]);
    for (const other of Object.values(others)) expect(other).toBe(1);
  });

  it('has the same OpenbookQA in the layouts of its authors and of LLM-Adapters', async () => {
    const own = await examplesOf('openbookqa', 'test', join(data, 'openbookqa'));
    const copy = await examplesOf('openbookqa', 'test', join(data, 'llm-adapters'));
    expect(copy).toEqual(own);
  });

  it('has the same problems and answers in both layouts of SVAMP', async () => {
    const plain = ({ prompt, answer }: Example): [string, number] => [
      prompt.replace(/[\s.]/g, ''),
      Number(answer),
    ];
    const own = (await examplesOf('svamp', 'test', join(data, 'svamp'))).map(plain);
    const copy = (await examplesOf('svamp', 'test', join(data, 'llm-adapters'))).map(plain);
    expect(new Map(copy)).toEqual(new Map(own));
  });

  it('has the answers of GSM8K in both layouts', async () => {
    const key = ({ prompt }: Example): string => prompt.replace(/[^a-z0-9]/gi, '');
    const own = new Map(
      (await examplesOf('gsm8k', 'test', join(data, 'gsm8k'))).map((e) => [key(e), e.answer]),
    );
    const copy = await examplesOf('gsm8k', 'test', join(data, 'llm-adapters', 'gsm8k'));
    const shared = copy.filter((example) => own.has(key(example)));
    expect(shared.length).toBeGreaterThan(1200);
    for (const example of shared) {
      expect(Number(example.answer), example.prompt).toBe(Number(own.get(key(example))));
    }
  });

  // The share of LLM-Adapters' worked answers to AddSub that end in the right number, counted with
  // the rule of its evaluation: commas out, last number, within 0.001.
  it.each([
    ['addsub', 'test'],
    ['singleeq', 'test'],
    ['multiarith', 'test'],
  ] as const)(
    '%s: agrees with the evaluation of LLM-Adapters on real outputs',
    async (name, split) => {
      const examples = await examplesOf(name, split);
      const outputs = examples.map(({ completion }) => completion);
      const right = outputs.filter((output, i) => {
        const numbers = output.replaceAll(',', '').match(/-?\d+\.?\d*/g);
        return numbers && Math.abs(Number(numbers.at(-1)) - Number(examples[i]!.answer)) <= 0.001;
      });
      const { value } = (await tasks.load(name)).score!(outputs, examples);
      expect(value).toBe(right.length / examples.length);
      expect(value).toBeGreaterThan(0.5);
    },
  );
});

describe('readTaskData', () => {
  const folder = temporaryFolder('data');
  beforeAll(async () => {
    await mkdir(join(folder, 'empty'));
    await writeFile(
      join(folder, 'train.jsonl'),
      '{"instruction":"Add.","input":"1 and 2","output":"3"}\n',
    );
    await writeFile(join(folder, 'own.json'), '[]');
    await writeFile(join(folder, 'pairs.jsonl'), '{"prompt":"a","completion":"b","source":"me"}\n');
    await writeFile(join(folder, 'sums.csv'), 'question,answer\n"1, 2?",It is 3 #### 3\n');
    await writeFile(join(folder, 'odd.jsonl'), '{"utterance":"a"}\n');
    await writeFile(
      join(folder, 'late.jsonl'),
      '{"prompt":"a","completion":"b"}\n{"completion":"b"}\n',
    );
    await mkdir(join(folder, 'shards'));
    for (const part of [0, 2]) {
      await writeFile(join(folder, 'shards', `train-0000${part}-of-00003.jsonl`), '{"text":"a"}\n');
    }
    await writeFile(join(folder, 'bad.parquet'), 'PAR1');
    const latin1 = (text: string) => Buffer.from(text, 'latin1');
    await writeFile(join(folder, 'latin1.csv'), latin1('prompt,completion\ncaf\xe9,b\n'));
    await writeFile(join(folder, 'latin1.txt'), latin1('caf\xe9'));
    await writeFile(join(folder, 'utf16.txt'), Buffer.from('\ufeffab', 'utf16le'));
    await writeFile(join(folder, 'nul.txt'), 'a\0b');
    await writeFile(join(folder, 'chat.jsonl.gz'), gzipSync('{"messages":[]}'));
    await writeFile(join(folder, 'rows.csv'), 'PAR1 and more');
    const bot = '{"messages":[{"role":"user","content":"a"},{"role":"bot","content":"b"}]}';
    await writeFile(join(folder, 'bot.jsonl'), bot);
    await writeFile(join(folder, 'story.txt'), 'Once upon\na time.\n\n \nThe end.\n');
  });

  it('reads data of one own, by folder and by file', async () => {
    const task = await tasks.load('instructions');
    const file = join(folder, 'train.jsonl');
    const found = await readTaskData(task, folder, 'train');
    expect(found.files).toEqual([file]);
    expect(await readTaskData(task, file, 'test')).toEqual(found);
    expect(found.examples).toEqual([
      {
        prompt:
          'Below is an instruction that describes a task, paired with an input that provides further context. Write a response that appropriately completes the request.\n\n### Instruction:\nAdd.\n\n### Input:\n1 and 2\n\n### Response:\n',
        completion: '3',
        answer: '3',
      },
    ]);
  });

  it.each<[Split, string]>([
    ['train', 'train.csv'],
    ['validation', 'validation.json'],
    ['validation', 'valid.jsonl'],
    ['validation', 'dev.tsv'],
    ['validation', 'val.csv'],
    ['test', 'test.jsonl'],
  ])('finds the %s split as %s, for a benchmark too', async (split, name) => {
    const own = await mkdtemp(join(folder, 'usual-'));
    const [json, tsv] = ['{"question":"1?","answer":"#### 2"}', 'question\tanswer\n1?\t#### 2'];
    const text = name.endsWith('.tsv') ? tsv : json;
    const csv = 'question,answer\n1?,#### 2\n';
    await writeFile(join(own, name), name.endsWith('.csv') ? csv : text);
    const { files, examples } = await readTaskData(await tasks.load('gsm8k'), own, split);
    expect(files).toEqual([join(own, name)]);
    expect(examples[0]!.answer).toBe('2');
  });

  it.each<[string, string[], string[]]>([
    ['shards', ['train-00001-of-00002.jsonl', 'train-00000-of-00002.jsonl'], ['1', '0']],
    ['shards with digests in data', ['data/train-00000-of-00001-0a1b2c3d.jsonl'], ['0']],
    ['a folder', ['train/b.jsonl', 'train/a.jsonl', 'train/README.txt'], ['1', '0']],
    ['a folder in data', ['data/train/0000.jsonl'], ['0']],
    ['a file before a folder', ['train/0.jsonl', 'train.jsonl'], ['1']],
  ])('finds %s, in order', async (_, names, order) => {
    const own = await mkdtemp(join(folder, 'hub-'));
    for (const [i, name] of names.entries()) {
      await mkdir(dirname(join(own, name)), { recursive: true });
      await writeFile(join(own, name), `{"text":"${i}"}\n`);
    }
    const found = await examplesOf('text', 'train', own);
    expect(found.map(({ completion }) => completion)).toEqual(order);
  });

  it('reads chats from a parquet file', async () => {
    const file = fileURLToPath(
      new URL('../test-support/tables/nested-zstd.parquet', import.meta.url),
    );
    const examples = await examplesOf('chat', 'train', file);
    expect(examples).toHaveLength(40);
    expect(examples[7]).toMatchObject({
      place: `${file}, row 8`,
      messages: [
        { role: 'user', content: 'question 7' },
        { role: 'assistant', content: 'answer 7 ünï' },
      ],
    });
  });

  it.each<[string, string, number, string[]]>([
    [
      'completions',
      '{"prompt":"a","completion":"b"}\n{"prompt":"a","completion":""}\n{"prompt":"a","completion":null}\n',
      1,
      ['line 2: its completion is empty, as are 2 of 3 in all; skipped'],
    ],
    [
      'instructions',
      '{"instruction":"a","input":null,"output":" "}\n{"instruction":"a","output":"b"}\n',
      1,
      ['line 1: its completion is empty; skipped'],
    ],
    ['text', '{"text":null}\n{"text":"a"}\n', 1, ['1 of 2 records are blank and were skipped']],
    [
      'chat',
      '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"assistant","content":""}]}\n',
      1,
      ['line 1: its completion is empty; skipped'],
    ],
  ])('%s: tells what it skips of %s', async (name, text, count, expected) => {
    const file = join(folder, 'gaps.jsonl');
    await writeFile(file, text);
    const notes: string[] = [];
    const onNote = (note: string): void => void notes.push(note);
    const { examples } = await readTaskData(await tasks.load(name), file, 'train', { onNote });
    expect(examples).toHaveLength(count);
    expect(notes).toEqual(expected.map((note) => expect.stringContaining(note)));
  });

  it('reads pieces of text', async () => {
    expect(await examplesOf('text', 'train', join(folder, 'story.txt'))).toEqual([
      { prompt: '', completion: 'Once upon\na time.' },
      { prompt: '', completion: 'The end.\n' },
    ]);
  });

  it.each<[string, Split, string, string, string]>([
    ['gsm8k', 'train', 'nowhere', 'NOT_FOUND', 'does not exist'],
    ['gsm8k', 'train', 'empty', 'NOT_FOUND', 'looked for gsm8k/train.jsonl'],
    ['cola', 'validation', 'empty', 'NOT_FOUND', 'in_domain_dev.tsv and glue-cola/out_of_domain'],
    [
      'gsm8k',
      'validation',
      'empty',
      'NOT_FOUND',
      'looked for validation, valid, dev, val as .jsonl',
    ],
    ['gsm8k', 'test', '.', 'NOT_FOUND', 'in shards or as a folder); there is train'],
    ['text', 'train', 'shards', 'NOT_FOUND', '1 of the parts that belong to train-00000-of-00003'],
    [
      'completions',
      'train',
      'latin1.csv',
      'INVALID_DOCUMENT',
      'latin1.csv: it is not UTF-8 (byte 21, line 2): save it as UTF-8',
    ],
    ['text', 'train', 'latin1.txt', 'INVALID_DOCUMENT', 'it is not UTF-8 (byte 3, line 1)'],
    ['text', 'train', 'utf16.txt', 'INVALID_DOCUMENT', 'it is UTF-16, not UTF-8'],
    ['text', 'train', 'nul.txt', 'INVALID_DOCUMENT', 'a NUL byte at byte 1, line 1'],
    [
      'chat',
      'train',
      'chat.jsonl.gz',
      'INVALID_DOCUMENT',
      'it is compressed (gzip): decompress it first',
    ],
    ['chat', 'train', 'rows.csv', 'INVALID_DOCUMENT', 'it is a parquet file: name it .parquet'], // biome-ignore format: a table
    ['text', 'train', 'bad.parquet', 'INVALID_DOCUMENT', 'it is not a parquet file'],
    [
      'instructions', 'train', 'pairs.jsonl', 'INVALID_DOCUMENT',
      'line 1: no field "instruction" (its fields are prompt, completion, source); the task completions takes such records',
    ], // biome-ignore format: a table
    [
      'boolq',
      'train',
      'train.jsonl',
      'INVALID_DOCUMENT',
      '; the task instructions takes such records',
    ],
    [
      'text',
      'train',
      'sums.csv',
      'INVALID_DOCUMENT',
      'fields are question, answer); the task gsm8k takes',
    ],
    ['completions', 'train', 'story.txt', 'INVALID_DOCUMENT', '; the task text takes such records'],
    [
      'text', 'train', 'odd.jsonl', 'INVALID_DOCUMENT',
      '; no task takes such records: instructions takes instruction, output; completions takes prompt, completion; chat takes messages or conversations; text takes text',
    ], // biome-ignore format: a table
    [
      'completions',
      'train',
      'late.jsonl',
      'INVALID_DOCUMENT',
      'line 2: no field "prompt" (its fields are completion)',
    ],
    ['instructions', 'train', 'own.json', 'INVALID_DOCUMENT', 'no examples'],
    ['boolq', 'train', 'train.jsonl', 'INVALID_DOCUMENT', 'its options (none) are not those'],
    ['gsm8k', 'train', 'story.txt', 'INVALID_DOCUMENT', 'it is plain text, and this task takes'],
  ])('%s, %s from %s: %s', async (name, split, path, code, message) => {
    await expect(examplesOf(name, split, join(folder, path))).rejects.toMatchObject({
      tag: 'alphalora',
      code,
      message: expect.stringContaining(message),
    });
  });

  it('does not offer what a task takes where its fields are there', async () => {
    await expect(examplesOf('chat', 'train', join(folder, 'bot.jsonl'))).rejects.toMatchObject({
      message: expect.stringMatching(
        /^.*line 1, messages\[1\]: role is "bot", not one of [\w, ]*$/,
      ),
    });
  });
});

/** A file of each task, made by hand in the layout of its authors: two records, of both classes. */
import type { TaskFile } from '../testing/check-task.js';

const jsonl = (...records: object[]): TaskFile => ({
  file: 'data.jsonl',
  text: records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  examples: records.length,
});

const json = (...records: object[]): TaskFile => ({
  file: 'data.json',
  text: JSON.stringify(records, null, 2),
  examples: records.length,
});

/** Of LLM-Adapters: labels of one kind. */
const labelled = (...labels: string[]): TaskFile =>
  json(
    ...labels.slice(0, 2).map((answer) => ({
      instruction: `Which is it?\n\nAnswer format: ${labels.join('/')}`,
      input: '',
      output: `the correct answer is ${answer}`,
      answer,
    })),
  );

/** Of LLM-Adapters: answers that are listed. */
const listed = (name: string, ...texts: string[]): TaskFile =>
  json(
    ...[0, 1].map((right) => {
      const labels = texts.map((_, i) => `${name}${i + 1}`);
      const lines = labels.map(
        (label, i) => `${label.replace(/^./, (a) => a.toUpperCase())}: ${texts[i]}`,
      );
      return {
        instruction: `Please choose the correct ${name} to the question: What sings?\n\n${lines.join(' ')}\n\nAnswer format: ${labels.join('/')}`,
        input: '',
        output: `the correct answer is ${labels[right]}`,
        answer: labels[right],
      };
    }),
  );

const lettered = json(
  ...['B', 'E'].map((answer) => ({
    instruction: 'How many? Answer Choices: (A) 1 (B) 2 (C) 3 (D) 4 (E) 5',
    input: '',
    output: `There are some. The answer is (${answer}).`,
    answer,
  })),
);

const worked = json(
  ...['7', '2.5'].map((answer) => ({
    instruction: 'How many are there?',
    input: '',
    output: `Counting gives ${answer}.`,
    answer,
  })),
);

const choices = ['a bee', 'a tree', 'a stone', 'a cloud'];
const endings = Object.fromEntries(choices.map((choice, i) => [`ending${i}`, choice]));

const user = { role: 'user', content: 'Name a bee.' };
const human = { from: 'human', value: 'Name a bee.' };

const layouts: Readonly<Record<string, readonly TaskFile[]>> = {
  mrpc: [
    {
      file: 'dev.tsv',
      text:
        'Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n' +
        '1\t1\t2\tHe said "yes.\tHe agreed.\n0\t3\t4\tIt rose.\tIt fell.\n',
      examples: 2,
    },
  ],
  cola: [{ file: 'dev.tsv', text: 'x1\t1\t\tBees sing.\nx2\t0\t*\tSing bees the.\n', examples: 2 }],
  rte: [
    {
      file: 'dev.tsv',
      text:
        'index\tsentence1\tsentence2\tlabel\n0\tBees sing.\tSomething sings.\tentailment\n' +
        '1\tBees sing.\tBees are mute.\tnot_entailment\n',
      examples: 2,
    },
  ],
  scienceqa: [
    jsonl(
      { question: 'What sings?', choices, answer: 0 },
      { question: 'What rains?', choices, answer: 3 },
    ),
  ],
  commonsenseqa: [
    jsonl(
      ...['A', 'C'].map((answerKey) => ({
        question: {
          stem: 'What sings?',
          choices: choices.map((text, i) => ({ label: 'ABCD'[i], text })),
        },
        answerKey,
      })),
    ),
  ],
  openbookqa: [
    jsonl(
      { sent1: 'What', sent2: 'sings?', ...endings, label: 0 },
      { sent1: 'What rains?', sent2: '', ...endings, label: 3 },
    ),
    labelled('answer1', 'answer2', 'answer3', 'answer4'),
  ],
  boolq: [labelled('true', 'false')],
  'arc-easy': [labelled('answer1', 'answer2', 'answer3', 'answer4')],
  'arc-challenge': [labelled('answer1', 'answer2', 'answer3', 'answer4')],
  piqa: [labelled('solution1', 'solution2')],
  siqa: [labelled('answer1', 'answer2', 'answer3')],
  winogrande: [labelled('option1', 'option2')],
  aqua: [lettered],
  mathqa: [lettered],
  gsm8k: [
    jsonl(
      { question: 'How many?', answer: 'Half of 48 is <<48/2=24>>24.\n#### 24' },
      { question: 'How much?', answer: 'It is all.\n#### 1,200' },
    ),
    worked,
  ],
  svamp: [
    {
      file: 'train.csv',
      text: 'Question,Numbers,Answer\n"Ann had number0 , Bob number1 .",3.0 4.0,7.0\nHow many is number0 ?,5,5\n',
      examples: 2,
    },
    json(
      { Body: 'Ann has 3', Question: 'How many?', Answer: 3 },
      { Body: 'Bob has 4.', Question: 'How many?', Answer: 4.5 },
    ),
  ],
  mawps: [json({ original_text: 'Ann has 3.', ans: 3 }, { original_text: 'Bob has 4.', ans: '4' })],
  addsub: [worked],
  multiarith: [worked],
  singleeq: [worked],
  math: [worked],
  instructions: [
    jsonl(
      { instruction: 'Name a bee.', input: '', output: 'Maya' },
      { instruction: 'Name it.', input: 'A tree.', output: 'Oak' },
    ),
  ],
  chat: [
    jsonl(
      { messages: [user, { role: 'assistant', content: 'Maya' }] },
      { messages: [user, { role: 'assistant', content: 'Willi' }] },
    ),
    jsonl(
      { conversations: [human, { from: 'gpt', value: 'Maya' }] },
      { conversations: [human, { from: 'gpt', value: 'Willi' }] },
    ),
  ],
  completions: [
    jsonl({ prompt: 'sort: ba >', completion: ' ab' }, { prompt: 'sort: dc >', completion: ' cd' }),
  ],
  text: [
    { file: 'train.txt', text: 'Bees sing.\n\nTrees do not.\n', examples: 2 },
    jsonl({ text: 'Bees sing.' }, { text: 'Trees do not.' }),
  ],
};

export const taskFiles: Readonly<Record<string, readonly TaskFile[]>> = {
  ...layouts,
  'scienceqa-text': layouts['scienceqa']!,
  'commonsenseqa-text': layouts['commonsenseqa']!,
  'openbookqa-text': [layouts['openbookqa']![0]!, listed('answer', ...choices)],
  'arc-easy-text': [listed('answer', ...choices)],
  'arc-challenge-text': [listed('answer', ...choices)],
  'piqa-text': [listed('solution', 'Call a bee.', 'Call a tree.')],
  'siqa-text': [listed('answer', ...choices.slice(1))],
};

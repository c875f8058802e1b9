import { AlphaLoraError } from '@alphalora/contracts';
import type { Example, TrainingTask } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { tasks } from '../tasks/registry.js';
import { taskFiles } from '../test-support/task-files.js';
import { checkTask, describeTask, type TaskFile } from './check-task.js';

describe.each(tasks.names())('built-in task %s', async (name) => {
  // A task without files is not tested: make some for it.
  describeTask(await tasks.load(name), taskFiles[name] ?? [], { describe, it });
});

const files: TaskFile[] = [{ file: 'sums.txt', text: '1+1=2\n3+4=7\n', examples: 2 }];

/** A sum in each line. */
const sound: TrainingTask = {
  name: 'sums',
  summary: 'sums of two numbers',
  files: { train: [['sums/train.txt']], test: [['sums/test.txt']] },
  parse: (text, file) =>
    text
      .replace('\uFEFF', '')
      .split(/\r?\n/)
      .filter((line) => line !== '')
      .map((line) => {
        const [, prompt, answer] = /^(\d+\+\d+=)(\d+)$/.exec(line) ?? [];
        if (!prompt) throw new AlphaLoraError('INVALID_DOCUMENT', `${file}: ${line} is no sum`);
        return { prompt, completion: answer!, answer: answer! };
      }),
  score(outputs, examples) {
    if (outputs.length !== examples.length) {
      throw new AlphaLoraError('INVALID_OPTION', 'an output for each example');
    }
    const right = outputs.filter((output, i) => output === examples[i]!.answer).length;
    const unanswered = outputs.filter((output) => output === '').length;
    return { metric: 'accuracy', value: right / outputs.length, others: {}, unanswered };
  },
};

const parsing = (change: (example: Example) => object): TrainingTask => ({
  ...sound,
  parse: (text, file) =>
    sound.parse(text, file).map((example) => ({ ...example, ...change(example) })),
});

const scoring = (change: (outputs: readonly string[]) => object): TrainingTask => ({
  ...sound,
  score: (outputs, examples) => ({ ...sound.score!(outputs, examples), ...change(outputs) }),
});

let calls = 0;

/** Each with the one check that names its fault. */
const bad: ReadonlyArray<[fault: string, check: string, task: TrainingTask]> = [
  ['has a name of two words', 'shape', { ...sound, name: 'two words' }],
  ['has no summary', 'shape', { ...sound, summary: '' }],
  ['misspells a split', 'shape', { ...sound, files: { tests: [['a.txt']] } as object }],
  ['looks elsewhere', 'shape', { ...sound, files: { test: [['../a.txt']] } }],
  [
    'skips records',
    'parses',
    { ...sound, parse: (text, file) => sound.parse(text, file).slice(1) },
  ],
  ['has nothing to learn', 'examples', parsing(() => ({ completion: '' }))],
  [
    'has an answer that cannot be chosen',
    'examples',
    parsing(() => ({ options: ['a', 'b'].map((label) => ({ label, completion: label })) })),
  ],
  [
    'has one option',
    'examples',
    parsing(({ answer }) => ({ options: [{ label: answer, completion: 'a' }] })),
  ],
  ['remembers', 'determinism', parsing(({ prompt }) => ({ prompt: `${prompt}${++calls}` }))],
  [
    'keeps line ends of Windows',
    'encodings',
    {
      ...sound,
      parse: (text, file) =>
        sound.parse(text, file).map((example) => ({
          ...example,
          prompt: example.prompt + (text.includes('\r') ? '\r' : ''),
        })),
    },
  ],
  [
    'throws what has no tag',
    'damaged',
    {
      ...sound,
      parse(text, file) {
        if (text.startsWith('{')) JSON.parse(`${text}{`);
        return sound.parse(text, file);
      },
    },
  ],
  [
    'does not say which file is damaged',
    'damaged',
    { ...sound, parse: (text) => sound.parse(text, 'a file') },
  ],
  ['counts in percent', 'scores', scoring(() => ({ others: { f1: 100 } }))],
  [
    'has more unanswered than there are',
    'scores',
    scoring(([first]) => (first!.startsWith('The answer') ? { unanswered: 3 } : {})),
  ],
  ['does not know its own answers', 'ranking', scoring(() => ({ value: 0.5 }))],
  ['does not look at outputs', 'ranking', scoring(() => ({ value: 1 }))],
  ['takes nothing for an answer', 'unanswered', scoring(() => ({ unanswered: 0 }))],
  [
    'shifts outputs where one is missing',
    'lengths',
    {
      ...sound,
      score: (outputs, examples) => sound.score!(outputs, examples.slice(-outputs.length)),
    },
  ],
];

describe('a bad task', () => {
  it.each(bad)('that %s fails in "%s" alone', async (_, name, task) => {
    const failed = (await checkTask(task, files)).filter(({ status }) => status === 'failed');
    expect(failed.map((check) => check.name)).toEqual([name]);
    expect(failed[0]!.reason).toMatch(/\S/);
  });
});

it('passes a sound one in full, and skips scores where there are none', async () => {
  const checks = await checkTask(sound, files);
  expect(checks.filter(({ status }) => status !== 'passed')).toEqual([]);
  const { score: _, ...silent } = sound;
  const skipped = (await checkTask(silent, files)).filter(({ status }) => status === 'skipped');
  expect(skipped.map(({ name }) => name)).toEqual(['scores', 'ranking', 'unanswered', 'lengths']);
});

/**
 * Records as MoLA's README has them: instruction, input, output, and the answer that stands in the output. What is
 * right is that of AlphaLoRA's evaluation: `Answer: ([\w\s]+)` for words, `The answer is ([A-Z]).` for letters.
 */
import { describe, expect, it } from 'vitest';
import { answerIn } from './answers.js';
import { tasks } from './registry.js';

const record = (output: string, answer: unknown, instruction = 'Does it follow?') => ({
  ...{ instruction, input: '', output, answer },
});
const parsed = async (name: string, records: readonly object[]) => {
  const notes: string[] = [];
  const text = records.map((each) => JSON.stringify(each)).join('\n');
  const task = await tasks.load(name);
  const examples = task.parse(text, 'data.jsonl', (note) => notes.push(note));
  return { task, examples, notes };
};

const question = 'Question: Where?\nOptions: (A) here (B) there\n';
const words = [
  record('Answer: entailment', 'entailment'),
  record('Answer: not entailment', 'not entailment'),
  record('Answer: not entailment', 'not entailment'),
];

describe('records with an answer in the output', () => {
  it.each<[string, object[]]>([
    ['rte', words],
    ['instructions', words],
    [
      'cola',
      [record('Answer: acceptable', 'acceptable'), record('Answer: unacceptable', 'unacceptable')],
    ],
    [
      'mrpc',
      [
        record('Answer: equivalent', 'equivalent'),
        record('Answer: not equivalent', 'not equivalent'),
      ],
    ],
    [
      'scienceqa',
      [
        record('Answer: The answer is B.', 'B', question),
        record('Answer: The answer is A.', 'A', question),
      ],
    ],
    [
      'instructions',
      [
        record('The answer is 12.5.', 12.5),
        record('It is late.\nThe answer is New York.', 'New York'),
      ],
    ],
    [
      'instructions',
      [
        record('Paris', 'Paris'),
        record('Paris, as of 987.', 'Paris'),
        record('Think.\nParis', 'Paris'),
      ],
    ],
  ])('are all right for %s where the output is that of the record', async (name, records) => {
    const { task, examples, notes } = await parsed(name, records);
    expect(notes).toEqual([]);
    const outputs = examples.map(({ completion }) => completion);
    expect(task.score!(outputs, examples)).toMatchObject({ metric: expect.any(String), value: 1 });
    const { others } = task.score!(outputs, examples);
    if (name === 'mrpc') expect(others).toEqual({ f1: 1 });
    // The other way round, none is.
    const answers = [...new Set(records.map((each) => (each as { answer: unknown }).answer))];
    if (answers.length === 2) {
      const [first, second] = [outputs[0]!, outputs.at(-1)!];
      const turned = outputs.map((output) => (output === first ? second : first));
      const { accuracy = task.score!(turned, examples).value } = task.score!(
        turned,
        examples,
      ).others;
      expect(accuracy).toBe(0);
    }
  });

  const given = { prompt: '', completion: 'Answer: entailment', answer: 'entailment' };
  it.each<[string, string | undefined]>([
    ['Answer: entailment', 'entailment'],
    ['Answer: entailment\n\nAnswer: not entailment', 'entailment'],
    ['Answer: entailment.', 'entailment'],
    ['Answer: entailment</s>', 'entailment'],
    ['Answer: not entailment', 'not entailment'],
    ['Answer: entailment is wrong', 'entailment is wrong'],
    ['Answer: Entailment', 'Entailment'],
    ['Answer: entailments', 'entailments'],
    ['Answer:', undefined],
    ['entailment', 'entailment'],
    ['It does follow: entailment', undefined],
    ['', undefined],
  ])('say %j', (output, answer) => {
    expect(answerIn(output, given)).toBe(answer);
  });

  it('take the words that lead to the answer from the last sentence of a worked output', () => {
    const worked = {
      ...{
        prompt: '',
        completion: 'Paris was long. Then, in 1871, it ended. The answer is: Paris.',
      },
      answer: 'Paris',
    };
    expect(answerIn('Rome? The answer is: Rome. No. The answer is: Paris!', worked)).toBe('Paris');
    expect(answerIn('The answer is: Rome', worked)).toBe('Rome');
    expect(answerIn('Paris', worked)).toBe('Paris');
    expect(answerIn('Rome', worked)).toBeUndefined();
  });

  it('offer their options in the words of their output', async () => {
    const { examples } = await parsed('scienceqa', [
      record('Answer: The answer is B.', 'B', question),
      record('Because x is (A) and y is B', 'B', question),
      record('', 'A', question),
    ]);
    expect(examples.map(({ options }) => options!.map(({ completion }) => completion))).toEqual([
      ['Answer: The answer is A.', 'Answer: The answer is B.'],
      ['The answer is (A).', 'The answer is (B).'],
      ['The answer is (A).', 'The answer is (B).'],
    ]);
  });

  it.each<[string, object[], RegExp]>([
    [
      'instructions',
      [...words, record('Answer: yes', 'entailment'), record('Answer: no', 'entailment')],
      /^data\.jsonl, line 4: its answer "entailment" is not found in its own output "Answer: yes", nor are those of 2 of 5 in all: a model that gives these very outputs scores 0/,
    ],
    ['instructions', [record('Answer: not entailment', 'tail')], /its answer "tail" is not found/],
    ['svamp', [record('It has 60 - 9 = 51 books. The answer is 51.', '60')], /its answer "60"/],
    ['scienceqa', [record('The answer is A.', 'B', question)], /its answer "B" is not found/],
    ['instructions', [record('x '.repeat(500), 'y')], /own output "\.\.\.[x ]{100}":/],
  ])('are told for %s where it is not in there', async (name, records, note) => {
    expect((await parsed(name, records)).notes).toEqual([expect.stringMatching(note)]);
  });

  it('have an F1 of the class that they call by its name', async () => {
    const { task, examples } = await parsed('mrpc', [
      record('Answer: equivalent', 'equivalent'),
      record('Answer: equivalent', 'equivalent'),
      record('Answer: not equivalent', 'not equivalent'),
    ]);
    const outputs = ['Answer: equivalent', 'Answer: not equivalent', 'Answer: not equivalent'];
    // Of what it calls equivalent, all are; of what is, half.
    expect(task.score!(outputs, examples).others['f1']).toBeCloseTo(2 / 3, 12);
  });
});

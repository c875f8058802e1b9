/** The wording of MoLA's released code, against its published records. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';
import released from '../test-support/released-mola/scienceqa-records.json' with { type: 'json' };
import { alpacaPrompt } from './alpaca.js';
import { tasks } from './registry.js';

async function inWording(name: string, ...records: object[]) {
  const task = (await tasks.load(name)).wordings!['mola']!;
  return { task, examples: task.parse(JSON.stringify(records), 'data.json') };
}

describe('the wording of MoLA', () => {
  it('puts ScienceQA as in the README of MoLA, with the hint as the context', async () => {
    const question =
      'Is the following trait inherited or acquired?\nSasha is good at knitting hats.';
    const hint = 'Hint: People who can knit had to learn how to do it.';
    const choices = ['acquired', 'inherited'];
    const { examples } = await inWording('scienceqa', { question, choices, answer: 0, hint });
    expect(examples[0]).toMatchObject({
      prompt: alpacaPrompt(
        'Context: Hint: People who can knit had to learn how to do it.\nQuestion: Is the following trait inherited or acquired?\nSasha is good at knitting hats.\nOptions: (A) acquired (B) inherited\n',
      ),
      completion: 'Answer: The answer is A.',
      answer: 'A',
    });
  });

  it.each([
    [{ question: 'What is it?', hint: '' }, 'N/A', 'What is it?'],
    [{ question: 'Context: A bee.\nIt hums.\nWhat is it?' }, 'A bee.\nIt hums.', 'What is it?'],
  ])('finds the context of %j', async (record, context, question) => {
    const { examples } = await inWording('scienceqa', {
      ...record,
      choices: ['a', 'b'],
      answer: 1,
    });
    expect(examples[0]!.prompt).toContain(`\nContext: ${context}\nQuestion: ${question}\nOptions:`);
  });

  const endings = { ending0: 'a', ending1: 'b', ending2: 'c', ending3: 'd' };
  const stem = { stem: 'Where?', choices: [{ label: 'A', text: 'a' }, { label: 'B', text: 'b' }] }; // biome-ignore format: a table
  it.each<[string, object, string]>([
    ['openbookqa', { sent1: 'One', sent2: '', ...endings, label: 3 }, 'Answer: The answer is D.'],
    ['commonsenseqa', { question: stem, answerKey: 'B' }, 'Answer: The answer is B.'],
    ['rte', { sentence1: 'a', sentence2: 'b', label: 'not_entailment' }, 'Answer: not entailment'],
    ['mrpc', { Quality: '1', '#1 String': 'a', '#2 String': 'b' }, 'Answer: equivalent'],
    ['cola', { source: 'x', label: '0', mark: '', sentence: 'a' }, 'Answer: unacceptable'],
  ])(
    '%s: answers as the evaluation of AlphaLoRA reads them, and is judged by accuracy',
    async (name, record, completion) => {
      const { task, examples } = await inWording(name, record);
      const [example] = examples;
      expect(example!.completion).toBe(completion);
      const others = example!.options!.filter(({ label }) => label !== example!.answer);
      expect(task.score!([completion], examples)).toMatchObject({ metric: 'accuracy', value: 1 });
      for (const { completion: wrong } of others) {
        expect(task.score!([wrong], examples).value).toBe(0);
      }
    },
  );
});

describeUnless(sharedLacks('data/scienceqa'), 'ScienceQA and the published records', () => {
  it('181 of the 200 of the test split are equal; in the copy of the others the hint is not set apart', async () => {
    const task = (await tasks.load('scienceqa')).wordings!['mola']!;
    const file = shared('data/scienceqa/test.jsonl');
    const own = new Set(
      task.parse(readFileSync(file, 'utf8'), file).map(({ prompt, completion }) => {
        const [before, after] = alpacaPrompt('\0').split('\0') as [string, string];
        const instruction = prompt.slice(before.length, prompt.length - after.length);
        const text = `${instruction}\0${completion}`;
        return createHash('sha256').update(text).digest('hex').slice(0, 16);
      }),
    );
    expect(released.records.filter((record) => own.has(record))).toHaveLength(181);
  });
});

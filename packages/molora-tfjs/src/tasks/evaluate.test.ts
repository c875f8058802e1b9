/** Evaluation of models that are made up, so that the score is known beforehand. */
import type { Example } from '@alphalora/contracts/extensions';
import { describe, expect, it } from 'vitest';
import { evaluateByGeneration, evaluateByLikelihood } from './evaluate.js';
import { tasks } from './registry.js';

const cola = await tasks.load('cola');
/** Acceptable: 1, 1, 0, 0. */
const examples = cola.parse(
  's\t1\t\tA b.\ns\t1\t\tC d.\ns\t0\t*\tE f g.\ns\t0\t*\tH i j.',
  'x.tsv',
);
const sentence = (prompt: string): string => /Sentence: (.*)/.exec(prompt)![1]!;

describe('evaluateByGeneration', () => {
  it('judges what is generated', async () => {
    const seen: number[] = [];
    const result = await evaluateByGeneration(
      ...([cola, examples] as const),
      async (prompt) =>
        ({
          'A b.': 'the correct answer is true',
          'C d.': 'False!',
          'E f g.': 'the correct answer is false',
          'H i j.': 'I do not know',
        })[sentence(prompt)]!,
      { onProgress: (done, total) => seen.push(done / total) },
    );
    expect(seen).toEqual([0.25, 0.5, 0.75, 1]);
    // c = 2, s = 4; predictions 1 true, 2 false, 1 none; labels 2, 2: (8 - 6) / sqrt(10 * 8)
    expect(result).toMatchObject({ metric: 'matthews', others: { accuracy: 0.5 }, unanswered: 1 });
    expect(result.value).toBeCloseTo(2 / Math.sqrt(80), 12);
    expect(result.outputs[3]).toBe('I do not know');
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const act = evaluateByGeneration(cola, examples, async () => '', { signal });
    await expect(act).rejects.toThrow('enough');
  });

  it('refuses tasks without a score, and nothing to score', async () => {
    const text = await tasks.load('text');
    const wrong = { tag: 'alphalora', code: 'INVALID_OPTION' };
    const none: Example[] = [];
    await expect(evaluateByGeneration(text, none, async () => '')).rejects.toMatchObject(wrong);
    await expect(evaluateByGeneration(cola, none, async () => '')).rejects.toMatchObject(wrong);
  });
});

describe('evaluateByLikelihood', () => {
  it('chooses the likeliest completion, of equal ones the first', async () => {
    const result = await evaluateByLikelihood(cola, examples, async (prompt, completions) => {
      expect(completions).toEqual(['the correct answer is true', 'the correct answer is false']);
      return sentence(prompt) === 'C d.' ? [-2, -2] : [-20, -10];
    });
    // true for the second only: tp 1, fn 1, fp 0, tn 2: 2 / sqrt(1 * 2 * 2 * 3)
    expect(result.value).toBeCloseTo(2 / Math.sqrt(12), 12);
    expect(result.others).toEqual({ accuracy: 0.75 });
  });

  it('also chooses by the likelihood per character where options are texts', async () => {
    const task = await tasks.load('arc-easy-text');
    const instruction =
      'Please choose the correct answer to the question: Who?\n\nAnswer1: bee Answer2: a stone\n\nAnswer format: answer1/answer2';
    const examples = task.parse(
      JSON.stringify(['answer1', 'answer2'].map((answer) => ({ instruction, output: '', answer }))),
      'test.json',
    );
    const values = [
      // By sum bee; -1 a character against -1/2.
      [-3, -3.5],
      [-3, -2],
    ];
    let at = 0;
    const result = await evaluateByLikelihood(task, examples, async (prompt, completions) => {
      expect(prompt).toBe('Question: Who?\nAnswer:');
      expect(completions).toEqual([' bee', ' a stone']);
      return values[at++]!;
    });
    expect(result).toMatchObject({ metric: 'accuracy', value: 1, others: { normalized: 0.5 } });
    expect(result.outputs).toEqual([' bee', ' a stone']);
  });

  it('refuses NaN, and examples without options', async () => {
    await expect(
      evaluateByLikelihood(cola, examples, async () => [-1, Number.NaN]),
    ).rejects.toMatchObject({ code: 'INVALID_CHECKPOINT' });
    const gsm8k = await tasks.load('gsm8k');
    const open = [{ prompt: '', completion: '1', answer: '1' }];
    await expect(evaluateByLikelihood(gsm8k, open, async () => [])).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  });
});

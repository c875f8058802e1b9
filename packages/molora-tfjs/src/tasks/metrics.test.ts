/** Metrics against numbers worked out by hand, and other formulas of the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accuracy, f1, matthewsCorrelation } from './metrics.js';

/** tp, fn, fp, tn as lists of predictions and labels. */
function table(tp: number, fn: number, fp: number, tn: number): [string[], string[]] {
  const repeat = (text: string, times: number): string[] => Array(times).fill(text);
  return [
    [...repeat('yes', tp), ...repeat('no', fn), ...repeat('yes', fp), ...repeat('no', tn)],
    [...repeat('yes', tp + fn), ...repeat('no', fp + tn)],
  ];
}

describe('metrics of two classes', () => {
  const [predictions, labels] = table(6, 2, 1, 3);

  it('by hand', () => {
    expect(accuracy(predictions, labels)).toBe(9 / 12);
    // (6*3 - 1*2) / sqrt(7*8*4*5) = 16 / sqrt(1120)
    expect(matthewsCorrelation(predictions, labels)).toBeCloseTo(0.47809144373, 10);
    // precision 6/7, recall 6/8
    expect(f1(predictions, labels, 'yes')).toBeCloseTo(2 / (7 / 6 + 8 / 6), 12);
    // precision 3/5, recall 3/4
    expect(f1(predictions, labels, 'no')).toBeCloseTo(2 / (5 / 3 + 4 / 3), 12);
  });

  it.each<[string, [string[], string[]], number]>([
    ['all right', table(3, 0, 0, 2), 1],
    ['all wrong', table(0, 3, 2, 0), -1],
    ['one answer for all', table(3, 0, 2, 0), 0],
    ['one label for all', table(2, 1, 0, 0), 0],
    ['nothing', [[], []], 0],
  ])('Matthews correlation: %s', (_, [given, actual], expected) => {
    expect(matthewsCorrelation(given, actual)).toBeCloseTo(expected, 12);
  });

  it('Matthews correlation is the correlation of two indicators', () => {
    const count = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(count, count, count, count, (...cells) => {
        const [given, actual] = table(...(cells as [number, number, number, number]));
        const x = given.map((value) => Number(value === 'yes'));
        const y = actual.map((value) => Number(value === 'yes'));
        const mean = (of: number[]): number => of.reduce((a, b) => a + b) / of.length;
        const about = (of: number[]): number[] => of.map((value) => value - mean(of));
        const product = (a: number[], b: number[]): number => mean(a.map((v, i) => v * b[i]!));
        const [dx, dy] = [about(x), about(y)];
        const pearson = product(dx, dy) / Math.sqrt(product(dx, dx) * product(dy, dy));
        expect(matthewsCorrelation(given, actual)).toBeCloseTo(pearson, 10);
      }),
      { seed: 1 },
    );
  });

  it('predictions without an answer are wrong, and never the positive class', () => {
    const given = ['yes', undefined, undefined, 'no'];
    const actual = ['yes', 'yes', 'no', 'no'];
    expect(accuracy(given, actual)).toBe(0.5);
    // precision 1, recall 1/2
    expect(f1(given, actual, 'yes')).toBeCloseTo(2 / 3, 12);
    // c = 2, s = 4, p = (1, 1, 2), t = (2, 2): (8 - 4) / sqrt((16 - 6)(16 - 8))
    expect(matthewsCorrelation(given, actual)).toBeCloseTo(4 / Math.sqrt(80), 12);
  });

  it('F1 of a class that is nowhere is 0', () => {
    expect(f1(['no'], ['no'], 'yes')).toBe(0);
    expect(accuracy([], [])).toBe(0);
  });
});

describe('metrics of three classes', () => {
  // Confusion, rows labels: a (2 1 0), b (0 3 1), c (1 0 2).
  const labels = [...'aaabbbbccc'];
  const predictions = [...'aabbbbcacc'];

  it('by hand', () => {
    expect(accuracy(predictions, labels)).toBe(0.7);
    // p = (3, 4, 3), t = (3, 4, 3): (7*10 - 34) / sqrt((100 - 34)(100 - 34)) = 36/66
    expect(matthewsCorrelation(predictions, labels)).toBeCloseTo(36 / 66, 12);
    expect(f1(predictions, labels, 'b')).toBe(0.75);
  });
});

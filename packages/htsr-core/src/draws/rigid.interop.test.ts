import { seededRandom } from '@alphalora/contracts/numbers';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { hill } from '../estimators/hill.js';
import { baggedAlpha } from './bag.js';
import { rigidly } from './rigid.js';

/** Positions moved by ranks, logarithms interpolated, exponents of the upper quarter; all by numpy. */
const program = `
import numpy
def answer(given):
    values, numbers = numpy.array(given['values']), numpy.array(given['numbers'])
    logs = numpy.log(values)
    ranks = numpy.arange(-1, len(values) + 1)
    ends = [[2 * logs[0] - logs[1]], logs, [2 * logs[-1] - logs[-2]]]
    moved = numpy.arange(len(values)) + 2 * numbers - 1
    draws = numpy.sort(numpy.exp(numpy.interp(moved, ranks, numpy.concatenate(ends))), axis=1)
    tails = numpy.log(draws[:, -((len(values) + 3) // 4):])
    alphas = 1 + 1 / numpy.mean(tails - tails[:, :1], axis=1)
    return [draws[0].tolist(), float(1 + numpy.exp(numpy.mean(numpy.log(alphas - 1))))]
`;

interface Given {
  values: number[];
  numbers: number[][];
}

describeUnless(pythonLacks('numpy'), 'rigid draws against numpy', () => {
  const ask = startPython<Given, [draw: number[], alpha: number]>(program);

  it('are equal for equal random numbers, and so is a bagged alpha', async () => {
    const source = seededRandom(5);
    const eigenvalues = Float64Array.from({ length: 97 }, () => Math.exp(9 * source())).sort();
    const random = seededRandom(6);
    const numbers = Array.from({ length: 32 }, () => Array.from(eigenvalues, () => random()));
    const [draw, alpha] = await ask({ values: [...eigenvalues], numbers });
    const found = rigidly(eigenvalues)(seededRandom(6));
    for (const [i, value] of found.entries()) expect(value / draw[i]! - 1).toBeCloseTo(0, 12);
    const estimator = hill({ share: 0.25 });
    const bagged = baggedAlpha({ eigenvalues, estimator, bag: 32, random: seededRandom(6) });
    expect(bagged!.alpha).toBeCloseTo(alpha, 11);
  });
});

/**
 * The conformance kit of estimators, on spectra that are known by construction: the quantiles of power
 * laws, `lambda_i = (1 - (i + 1/2) / N)^(-1 / (alpha - 1))`, have no noise, so that an estimate is off
 * by no more than the estimator's own standard error.
 */
import { isAlphaLoraError } from '@alphalora/contracts';
import type { TailEstimator, TailFit } from '@alphalora/contracts/extensions';
import {
  type Check,
  createKit,
  type Examination,
  forEachOf,
  type TestFunctions,
} from '@alphalora/contracts/testing';
import { paretoQuantiles, sampleSpectra } from './spectra.js';

type Examine = Examination<TailEstimator>;

const EXPONENTS = [1.5, 2, 3, 4.5];
const COUNT = 2000;

const shape: Examine = ({ name, fit, reads }) => {
  if (typeof name !== 'string' || !/^\S+$/.test(name)) {
    return { failed: `name must be a word, not ${JSON.stringify(name)}` };
  }
  if (typeof fit !== 'function') return { failed: 'fit must be a function' };
  return reads === undefined || typeof reads === 'function'
    ? undefined
    : { failed: 'reads must be a function where it is there' };
};

/** A fit to a copy, or nothing where the estimator says that there is none. */
function attempt(estimator: TailEstimator, eigenvalues: Float64Array): TailFit | undefined {
  return attemptWith(estimator, eigenvalues.slice());
}

function attemptWith(estimator: TailEstimator, eigenvalues: Float64Array): TailFit | undefined {
  try {
    return estimator.fit(eigenvalues);
  } catch (error) {
    if (isAlphaLoraError(error, 'NO_SPECTRUM')) return undefined;
    throw error;
  }
}

/** Power laws without noise must not be refused. */
const fits: Examine = (estimator) =>
  forEachOf(EXPONENTS, (alpha) => {
    const fit = estimator.fit(paretoQuantiles(alpha, COUNT));
    return typeof fit === 'object' && fit !== null
      ? undefined
      : { failed: `alpha ${alpha}: it returned ${JSON.stringify(fit)}` };
  });

const ranges: Examine = (estimator) =>
  forEachOf(sampleSpectra, ({ name, eigenvalues }) => {
    const fit = attempt(estimator, eigenvalues);
    const fault = fit && outOfRange(fit, eigenvalues);
    return fault === undefined ? undefined : { failed: `${name}: ${fault}` };
  });

function outOfRange(fit: TailFit, eigenvalues: Float64Array): string | undefined {
  const { alpha, xmin, ks, tail, stderr, lambda = 0, fingers = 0 } = fit;
  const count = eigenvalues.length;
  if (!(Number.isFinite(alpha) && alpha > 0)) return `alpha is ${alpha}, not a positive number`;
  const [first, last] = [eigenvalues[0]!, eigenvalues[count - 1]!];
  if (!(xmin >= first && xmin <= last)) return `xmin ${xmin} is outside of ${first} to ${last}`;
  if (!(ks >= 0 && ks <= 1)) return `ks is ${ks}, a distance from 0 to 1`;
  if (!(Number.isInteger(fingers) && fingers >= 0))
    return `fingers is ${fingers}, a number of them`;
  // The tail is what lies at xmin and above, but for what was set aside; of equals at the cut, some.
  const above = eigenvalues.filter((value) => value > xmin).length - fingers;
  const from = eigenvalues.filter((value) => value >= xmin).length - fingers;
  if (!(Number.isInteger(tail) && tail >= Math.max(2, above) && tail <= from)) {
    return `tail is ${tail}, and ${from} eigenvalues are at least xmin`;
  }
  if (!(Number.isFinite(stderr) && stderr >= 0)) return `stderr is ${stderr}`;
  if (!(Number.isFinite(lambda) && lambda >= 0)) return `lambda is ${lambda}, a rate of a decay`;
  return undefined;
}

const inputUnchanged: Examine = (estimator) =>
  forEachOf(sampleSpectra, ({ name, eigenvalues }) => {
    const given = eigenvalues.slice();
    attemptWith(estimator, given);
    return given.every((value, i) => value === eigenvalues[i])
      ? undefined
      : { failed: `${name}: the eigenvalues are not what they were` };
  });

const determinism: Examine = (estimator) =>
  forEachOf(sampleSpectra, ({ name, eigenvalues }) => {
    const [first, second] = [attempt(estimator, eigenvalues), attempt(estimator, eigenvalues)];
    return JSON.stringify(first) === JSON.stringify(second)
      ? undefined
      : { failed: `${name}: two fits differ: ${JSON.stringify([first, second])}` };
  });

const knownExponents: Examine = (estimator) =>
  forEachOf(EXPONENTS, (alpha) => {
    const fit = estimator.fit(paretoQuantiles(alpha, COUNT));
    return Math.abs(fit.alpha - alpha) <= fit.stderr
      ? undefined
      : { failed: `${alpha} is estimated as ${fit.alpha} with a standard error of ${fit.stderr}` };
  });

/** Of a pure power law no estimator knows the exponent better than (alpha - 1) / sqrt(tail). */
const standardError: Examine = (estimator) =>
  forEachOf(EXPONENTS, (alpha) => {
    const { stderr, tail } = estimator.fit(paretoQuantiles(alpha, COUNT));
    // A fifth is left for an alpha that is not the planted one, and for a standard error from samples.
    const least = (0.8 * (alpha - 1)) / Math.sqrt(tail);
    return stderr >= least
      ? undefined
      : { failed: `alpha ${alpha} of ${tail} eigenvalues: ${stderr}, and ${least} is the least` };
  });

/** Powers of two: multiplying by them rounds nothing. */
const FACTORS = [2 ** -12, 2 ** 7, 2 ** 20];

const scale: Examine = (estimator) => {
  if (estimator.dependsOnScale) return { skipped: 'dependsOnScale is claimed' };
  return forEachOf(sampleSpectra, ({ name, eigenvalues }) => {
    const fit = attempt(estimator, eigenvalues);
    return forEachOf(FACTORS, (factor) => {
      const scaled = attempt(
        estimator,
        eigenvalues.map((value) => value * factor),
      );
      if (close(scaled?.alpha, fit?.alpha) && close(scaled?.xmin, fit && fit.xmin * factor)) return;
      const seen = (one: TailFit | undefined) => one && `alpha ${one.alpha} above ${one.xmin}`;
      return {
        failed:
          `${name}: ${seen(fit) ?? 'no fit'}, and ${seen(scaled) ?? 'no fit'} of the same times ` +
          `${factor}; where that is meant, claim dependsOnScale`,
      };
    });
  });
};

function close(a: number | undefined, b: number | undefined): boolean {
  return a === b || Math.abs(a! - b!) <= 1e-6 * Math.abs(b!);
}

const tooLittle: Examine = (estimator) =>
  forEachOf([[], [2], [3, 3], [5, 5, 5, 5, 5]], (eigenvalues) => {
    const fit = attempt(estimator, Float64Array.from(eigenvalues));
    return fit === undefined
      ? undefined
      : {
          failed:
            `[${eigenvalues}] has no tail, and it answered ${JSON.stringify(fit)}; ` +
            'expected NO_SPECTRUM',
        };
  });

/** What `reads` says is not looked at may be anything. */
const reads: Examine = (estimator) => {
  if (!estimator.reads) return { skipped: 'reads is not there: all eigenvalues count' };
  return forEachOf([2, 3, 50, 51], (count) => {
    const deepest = estimator.reads!(count);
    if (!(Number.isInteger(deepest) && deepest >= 1 && deepest <= count)) {
      return { failed: `of ${count} eigenvalues it reads ${deepest}` };
    }
    const eigenvalues = paretoQuantiles(2.5, count);
    const below = count - deepest;
    const other = eigenvalues.map((value, i) => (i < below ? value / (count + 2 - i) : value));
    const [fit, again] = [attempt(estimator, eigenvalues), attempt(estimator, other)];
    return JSON.stringify(fit) === JSON.stringify(again)
      ? undefined
      : {
          failed: `of ${count} eigenvalues it reads more than ${deepest}: with other smallest ones alpha is ${again?.alpha}, not ${fit?.alpha}`,
        };
  });
};

const kit = createKit<TailEstimator>({
  steps: [
    ['shape', shape],
    ['fits power laws', fits],
    ['ranges', ranges],
    ['input unchanged', inputUnchanged],
    ['determinism', determinism],
  ],
  independent: [
    ['known exponents', knownExponents],
    ['standard error', standardError],
    ['scale', scale],
    ['too little', tooLittle],
    ['reads', reads],
  ],
});

/** @returns a result for each check; it never throws for a fault of the estimator */
export function checkEstimator(estimator: TailEstimator): Promise<Check[]> {
  return kit.check(estimator);
}

/** {@link checkEstimator} as tests of the caller's framework, one for each check. */
export function describeEstimator(estimator: TailEstimator, tests: TestFunctions): void {
  kit.describe(`estimator ${estimator.name}`, estimator, tests);
}

/** What an estimator answers, which may be of others: no document holds what is no fit. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TailFit } from '@alphalora/contracts/extensions';

/**
 * @param count eigenvalues that were fitted
 * @throws AlphaLoraError `EXTENSION_FAILED` naming the estimator and the field
 */
export function checkedFit(fit: TailFit, estimator: string, count: number): TailFit {
  const { alpha, xmin, ks, tail, stderr, lambda, fingers, rawAlpha, weak } = (fit ??
    {}) as Partial<TailFit>;
  const whole = (value: number | undefined, least: number): boolean =>
    Number.isInteger(value) && value! >= least && value! <= count;
  // The bounds are those of the document.
  const exponent = (value: number | undefined): boolean =>
    Number.isFinite(value) && value! >= 1e-100 && value! <= 1e100;
  const sound: Readonly<Record<string, boolean>> = {
    alpha: exponent(alpha),
    xmin: Number.isFinite(xmin) && xmin! > 0,
    ks: Number.isFinite(ks) && ks! >= 0 && ks! <= 1,
    tail: whole(tail, 1),
    stderr: Number.isFinite(stderr) && stderr! >= 0,
    lambda: lambda === undefined || (Number.isFinite(lambda) && lambda >= 0),
    fingers: fingers === undefined || whole(fingers, 0),
    weak: weak === undefined || (typeof weak === 'string' && weak !== ''),
    rawAlpha: rawAlpha === undefined || exponent(rawAlpha),
  };
  const field = Object.keys(sound).find((name) => !sound[name]);
  if (field === undefined) return fit;
  const found = String((fit as unknown as Readonly<Record<string, unknown>> | undefined)?.[field]);
  throw new AlphaLoraError(
    'EXTENSION_FAILED',
    `the estimator ${estimator} answered a fit whose ${field} is ${found}`,
    { details: { estimator, field } },
  );
}

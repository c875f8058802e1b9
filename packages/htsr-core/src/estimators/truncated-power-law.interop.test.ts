import { seededRandom } from '@alphalora/contracts/numbers';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { fitAt, powerLawFits } from './power-law.js';
import { tpl, withCutOff } from './truncated-power-law.js';

/** The likelihood by adaptive quadrature, its maximum by the simplex method. */
const program = `
import numpy
from scipy import integrate, optimize
def answer(values):
    tail = numpy.array(values)
    xmin = tail[0]
    def negative(parameters):
        alpha, log_rate = parameters
        rate = numpy.exp(log_rate)
        density = lambda x: (x / xmin) ** -alpha * numpy.exp(-rate * (x - xmin))
        pieces = [(xmin, 2 * xmin), (2 * xmin, 20 * xmin), (20 * xmin, numpy.inf)]
        norm = sum(integrate.quad(density, a, b, epsabs=0, epsrel=1e-12, limit=500)[0] for a, b in pieces)
        return numpy.mean(alpha * numpy.log(tail / xmin) + rate * (tail - xmin)) + numpy.log(norm)
    start = [2, numpy.log(0.1 / numpy.mean(tail))]
    found = optimize.minimize(negative, start, method='Nelder-Mead',
        options=dict(xatol=1e-10, fatol=1e-15, maxiter=10000, maxfev=10000))
    return [found.x[0], float(numpy.exp(found.x[1]))]
`;

/** The slope of the likelihood at exponent 0, in differences; the rate is that of the exponential. */
const atZero = `
import numpy
from scipy import integrate
def answer(values):
    t = numpy.array(values) / values[0]
    rate = 1 / numpy.mean(t - 1)
    def likelihood(alpha):
        density = lambda x: x ** -alpha * numpy.exp(-rate * (x - 1))
        norm = integrate.quad(density, 1, numpy.inf, epsabs=0, epsrel=1e-12, limit=500)[0]
        return -alpha * numpy.mean(numpy.log(t)) - rate * numpy.mean(t - 1) - numpy.log(norm)
    return (likelihood(1e-4) - likelihood(-1e-4)) / 2e-4
`;

describeUnless(pythonLacks('scipy'), 'truncated power law against scipy', () => {
  const ask = startPython<number[], [number, number]>(program);

  it.each([
    ['cut off early', 2, 0.4],
    ['cut off late', 1.6, 0.01],
    ['hardly a power law', 1.05, 1],
  ])('%s', async (_, alpha, rate) => {
    const random = seededRandom(8);
    const eigenvalues = Float64Array.from({ length: 600 }, () => {
      for (;;) {
        const value = (1 - random()) ** (-1 / (alpha - 1));
        if (random() < Math.exp(rate * (1 - value))) return value;
      }
    }).sort();
    const fit = tpl.fit(eigenvalues);
    const [foundAlpha, foundRate] = await ask([...eigenvalues.slice(-fit.tail)]);
    expect(Math.abs(fit.alpha - foundAlpha)).toBeLessThan(1e-5 * (1 + Math.abs(foundAlpha)));
    expect(Math.abs(fit.lambda! / foundRate - 1)).toBeLessThan(1e-5);
  });

  const slopeAtZero = startPython<number[], number>(atZero);

  it.each([0.3, 0.6, 0.9, 1, 1.1, 1.5, 2.5])(
    'a tail of 1 + u^%d has an exponent or none',
    async (power) => {
      const eigenvalues = Float64Array.from(
        { length: 300 },
        (_, i) => 1 + ((i + 0.5) / 300) ** power,
      );
      const whole = fitAt(powerLawFits(eigenvalues), 0);
      const fit = () => withCutOff(eigenvalues, whole);
      if ((await slopeAtZero([...eigenvalues])) > 0) expect(fit().alpha).toBeGreaterThan(0);
      else expect(fit).toThrow(/an exponential fits better/);
    },
  );
});

import { seededRandom } from '@alphalora/contracts/numbers';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { tpl } from './truncated-power-law.js';

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
});

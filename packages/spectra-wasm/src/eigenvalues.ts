/** From a symmetric matrix in the layout's triangle to its eigenvalues: band, bulge chasing, tridiagonal iteration. */
import { AlphaLoraError } from '@alphalora/contracts';
import { BAND } from './layout.js';
import type { Pass } from './pass.js';
import type { Instance } from './stages.js';

/** Sweeps, and eigenvalues, between two chances to stop. */
const CHUNK = 64;

/** Operations of `symmetricEigenvalues` on a matrix of that order, for progress reports. */
export function eigenvalueWork(order: number): number {
  return (4 / 3) * order ** 3 + chaseWork(order) * order;
}

/**
 * All eigenvalues, ascending. The triangle is overwritten.
 * @throws AlphaLoraError `ENGINE_FAILED` when the iteration does not converge
 */
export async function symmetricEigenvalues(
  instance: Instance,
  pass: Pass,
  name: string,
): Promise<Float64Array> {
  await reduce(pass);
  return (await solve(instance, pass, name)).sort();
}

/** Triangle to band to tridiagonal. */
async function reduce({ layout, memory, stages, step }: Pass): Promise<void> {
  const { order, reduced, triangle, band, workspace } = layout;
  new Uint8Array(memory.buffer, band, layout.bandBytes).fill(0);
  for (let column = 0; column < reduced; column += BAND) {
    stages.reducePanel(reduced, column, triangle, band, workspace);
    await step(4 * (reduced - column) ** 2 * BAND);
  }
  for (let sweep = 0; sweep < order - 2; sweep += CHUNK) {
    const last = Math.min(order - 2, sweep + CHUNK);
    stages.chaseSweeps(order, sweep, last, band, workspace);
    await step(chaseWork(order - sweep) * (last - sweep));
  }
  stages.extractTridiagonal(order, band, layout.diagonal, layout.offDiagonal);
}

/** Operations of one sweep over `remaining` columns, weighted with how much slower they run. */
function chaseWork(remaining: number): number {
  return 4 * 6 * BAND * remaining;
}

/** Eigenvalues of the tridiagonal matrix, in no order. */
async function solve(
  { exports, memory }: Instance,
  { layout, step }: Pass,
  name: string,
): Promise<Float64Array> {
  const { order, diagonal, offDiagonal } = layout;
  exports.squareOffDiagonal(order, offDiagonal);
  for (let done = 0; done < order; ) {
    const last = Math.min(order, done + CHUNK);
    done = exports.solveTridiagonal(order, done, last, diagonal, offDiagonal);
    if (done < 0) {
      throw new AlphaLoraError('ENGINE_FAILED', `${name}: the QL iteration did not converge`, {
        details: { tensor: name },
      });
    }
    await step(0);
  }
  return new Float64Array(memory.buffer, diagonal, order).slice();
}

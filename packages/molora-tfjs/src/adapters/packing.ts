/**
 * Between the packed factors of training and the factors of each expert on disk.
 *
 * Packed: A [inputs, sum of ranks], B [sum of ranks, outputs], the experts side by side. On disk, as
 * torch.nn.Linear keeps its weights: A_e [rank, inputs], B_e [outputs, rank], each transposed.
 */

import { transposed } from '@alphalora/contracts/weights';

export interface PackedFactors {
  readonly inputs: number;
  readonly outputs: number;
  readonly ranks: readonly number[];
  /** A, [inputs, sum of ranks] */
  readonly a: Float32Array;
  /** B, [sum of ranks, outputs] */
  readonly b: Float32Array;
}

export interface ExpertFactors {
  /** A_e, [rank, inputs] */
  readonly a: Float32Array;
  /** B_e, [outputs, rank] */
  readonly b: Float32Array;
}

export function unpackExperts({ inputs, outputs, ranks, a, b }: PackedFactors): ExpertFactors[] {
  const width = ranks.reduce((sum, rank) => sum + rank, 0);
  // A transposed has an expert's factor in one run of rows, as B has without.
  const turned = transposed(a, inputs, width);
  let start = 0;
  return ranks.map((rank) => {
    const end = start + rank;
    const factors = {
      a: turned.slice(start * inputs, end * inputs),
      b: transposed(b.subarray(start * outputs, end * outputs), rank, outputs),
    };
    start = end;
    return factors;
  });
}

export function packExperts(
  { inputs, outputs, ranks }: Pick<PackedFactors, 'inputs' | 'outputs' | 'ranks'>,
  experts: readonly ExpertFactors[],
): Pick<PackedFactors, 'a' | 'b'> {
  const width = ranks.reduce((sum, rank) => sum + rank, 0);
  const turned = new Float32Array(width * inputs);
  const b = new Float32Array(width * outputs);
  let start = 0;
  for (const [e, factors] of experts.entries()) {
    turned.set(factors.a, start * inputs);
    b.set(transposed(factors.b, outputs, ranks[e]!), start * outputs);
    start += ranks[e]!;
  }
  return { a: transposed(turned, width, inputs), b };
}

/**
 * Expert redundancy (MoLA, arXiv 2402.08562, section 3.3): the mean Frobenius norm of the difference
 * of any two experts of a projection. Small means that experts do the same; MoLA finds that it grows
 * with depth, which is its case for more experts in upper blocks.
 *
 * An expert is its whole update `(lora_alpha / r) A_e B_e`. The updates are never formed: the inner
 * product of two is the sum of `(A_i^T A_j) * (B_i B_j^T)`, products over ranks. In float64, because
 * the squared distance is a difference of such sums.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdaptedProjection, AdapterState } from '../adapters/adapter-spec.js';

/**
 * @returns by name of the projection; those with one expert have no pair and are left out
 * @throws AlphaLoraError `NOT_FOUND` when the state lacks a tensor of its spec
 */
export function expertRedundancy({ spec, tensors }: AdapterState): Record<string, number> {
  const result: Record<string, number> = {};
  for (const projection of spec.projections) {
    if (projection.ranks.length < 2) continue;
    const [a, b] = ['lora_A', 'lora_B'].map((factor) => {
      const tensor = tensors[`${projection.name}.${factor}`];
      if (tensor) return tensor.values;
      throw new AlphaLoraError(
        'NOT_FOUND',
        `The adapter has no tensor ${projection.name}.${factor}, which its spec promises.`,
        { details: { name: projection.name } },
      );
    }) as [Float32Array, Float32Array];
    result[projection.name] = meanDistance(innerProducts(projection, a, b));
  }
  return result;
}

/** [experts, experts]: Frobenius inner products of the experts' updates. */
function innerProducts(
  { inputs, outputs, ranks, scalings }: AdaptedProjection,
  a: Float32Array,
  b: Float32Array,
): Float64Array {
  const owners = ranks.flatMap((rank, expert) => Array.from({ length: rank }, () => expert));
  const products = new Float64Array(ranks.length ** 2);
  const columns = owners.length;
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < columns; j++) {
      let left = 0;
      for (let row = 0; row < inputs; row++) left += a[row * columns + i]! * a[row * columns + j]!;
      let right = 0;
      for (let o = 0; o < outputs; o++) right += b[i * outputs + o]! * b[j * outputs + o]!;
      const [first, second] = [owners[i]!, owners[j]!];
      const scaling = scalings[first]! * scalings[second]!;
      products[first * ranks.length + second]! += scaling * left * right;
    }
  }
  return products;
}

function meanDistance(products: Float64Array): number {
  const experts = Math.sqrt(products.length);
  let sum = 0;
  for (let i = 0; i < experts; i++) {
    for (let j = 0; j < i; j++) {
      const squared =
        products[i * experts + i]! + products[j * experts + j]! - 2 * products[i * experts + j]!;
      sum += Math.sqrt(Math.max(0, squared));
    }
  }
  return sum / ((experts * (experts - 1)) / 2);
}

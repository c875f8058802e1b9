/**
 * AlphaPruning (Lu et al., arXiv 2410.10912, section 3): sparsity of a layer grows linearly with its
 * alpha, at a given sparsity S of the whole model over the parameter counts d.
 *
 *   ratio_l = (q_l - q_min) / (q_max - q_min) * (s2 - s1) + s1,  s1 = 1 - eps, s2 = 1 + eps
 *   sparsity_l = eta * ratio_l,  eta = S * sum d / sum d ratio,  eps = 0.3
 *
 * For a large S the rule exceeds 1. The paper leaves that open; here eta is raised until
 * sum d clamp(eta * ratio, min, max) = S * sum d, which keeps the global sparsity and the proportions
 * between the layers within bounds; the document's `notes` name the layers at one. The budget's total is S times the number of layers.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import * as v from 'valibot';
import { linearMap } from './linear-map.js';
import { requireTotal } from './scores.js';

export const alphapruning: AllocationPolicy<{ eps: number }> = {
  name: 'alphapruning',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'sparsity linear in alpha (arXiv 2410.10912)',
  options: v.strictObject({
    eps: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0.3),
  }),
  requires: ['shapes'],
  traits: {
    resources: ['sparsity'],
    answer: 'values',
    monotone: 'increasing',
    equivariant: true,
  },
  describe: ({ layer }) => `linearly in alpha: the less trained a ${layer} is, the more it loses`,
  allocate({ layers, options: { eps }, budget }) {
    const asked = requireTotal('alphapruning', budget) / layers.length;
    const min = Math.max(0, budget.min);
    const max = Math.min(1, budget.max);
    // The total is a product: dividing it again may miss a bound by a rounding error.
    const sparsity = Math.min(max, Math.max(min, asked));
    if (!(Math.abs(asked - sparsity) <= 1e-12)) {
      throw new AlphaLoraError(
        'INFEASIBLE_BUDGET',
        `a sparsity of ${asked} is not within the bounds ${min} and ${max} of every layer`,
        { details: { policy: 'alphapruning', sparsity: asked, min, max } },
      );
    }
    const ratios = linearMap(
      layers.map(({ score }) => score),
      1 - eps,
      1 + eps,
    );
    const sizes = layers.map(({ parameters }) => parameters);
    return { values: scaledWithin(ratios, sizes, sparsity, min, max) };
  },
};

/**
 * clamp(eta * ratio, min, max) with the eta for which the mean weighted by `sizes` is `mean`. The
 * mean is piecewise linear in eta with corners where a layer meets a bound: they are sorted and
 * walked, n log n in all.
 */
function scaledWithin(
  ratios: readonly number[],
  sizes: readonly number[],
  mean: number,
  min: number,
  max: number,
): number[] {
  const target = mean * sizes.reduce((a, b) => a + b, 0);
  const corners = ratios
    .flatMap((ratio, i) => [
      { eta: min / ratio, i, enters: true },
      { eta: max / ratio, i, enters: false },
    ])
    .sort((a, b) => a.eta - b.eta);
  let fixed = sizes.reduce((sum, size) => sum + size * min, 0);
  let slope = 0;
  let eta = corners.at(-1)!.eta;
  for (const [at, corner] of corners.entries()) {
    const weight = sizes[corner.i]! * ratios[corner.i]!;
    slope += corner.enters ? weight : -weight;
    fixed += (corner.enters ? -min : max) * sizes[corner.i]!;
    const next = corners[at + 1]?.eta ?? corner.eta;
    if (slope > 0 && fixed + slope * next >= target) {
      eta = Math.min(next, Math.max(corner.eta, (target - fixed) / slope));
      break;
    }
  }
  return ratios.map((ratio) => Math.min(max, Math.max(min, eta * ratio)));
}

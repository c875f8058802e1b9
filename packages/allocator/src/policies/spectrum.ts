/**
 * Spectrum (Hartford et al., arXiv 2406.06623): the matrices with the highest signal-to-noise ratio
 * are trained, all others stay frozen. Of n matrices of one role and a share p, as its released code
 * counts them, that is the first floor(n p) in descending order; of equal ones, the earlier.
 *
 * A role is what names have behind the number of the block, `mlp.down_proj`: ratios differ more from
 * role to role than from block to block. `over: 'all'` ranks all matrices together, and so it is where
 * there are no names, as of blocks.
 */
import type { AllocationPolicy, PolicyLayer } from '@alphalora/contracts/extensions';
import { weightType } from '@alphalora/documents/terms';
import * as v from 'valibot';
import { requireTotal } from './scores.js';

export const spectrum: AllocationPolicy<{ over: 'role' | 'all' }> = {
  name: 'spectrum',
  version: '1.0.0',
  apiVersion: 1,
  summary: 'the matrices with the highest signal-to-noise ratio (arXiv 2406.06623)',
  options: v.strictObject({
    /** Among which matrices the share is taken. */
    over: v.optional(v.picklist(['role', 'all']), 'role'),
  }),
  scoredBy: 'snr',
  traits: { resources: ['selection'], answer: 'values', monotone: 'increasing' },
  describe: ({ options: { over }, layer }) =>
    over === 'all' || layer === 'block'
      ? 'for the highest signal-to-noise ratio'
      : 'for the highest signal-to-noise ratio within each role, whose numbers are rounded down',
  allocate({ layers, options: { over }, budget }) {
    const share = requireTotal('spectrum', budget) / layers.length;
    const roles = new Map<string, PolicyLayer[]>();
    for (const layer of layers) {
      const { name } = layer;
      const role = over === 'all' || name === undefined ? '' : weightType(name);
      const earlier = roles.get(role);
      if (earlier) earlier.push(layer);
      else roles.set(role, [layer]);
    }
    const selected = new Set([...roles.values()].flatMap((own) => highest(own, share)));
    return { values: layers.map((layer) => (selected.has(layer) ? 1 : 0)) };
  },
};

function highest(layers: readonly PolicyLayer[], share: number): PolicyLayer[] {
  // A product such as 100 * 0.29 may miss its integer by a rounding error.
  const count = Math.floor(layers.length * share + 1e-9);
  return layers.toSorted((a, b) => b.score - a.score).slice(0, count);
}

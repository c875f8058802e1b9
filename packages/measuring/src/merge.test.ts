import { analysisOf, measuredRow, skippedRow } from '@alphalora/documents/testing';
import { expect, it } from 'vitest';
import { mergeParts } from './merge.js';

const row = (role: string, alpha: number) => measuredRow(`h.0.${role}.weight`, alpha);
const left = (role: string, shard: number) => ({
  ...skippedRow(`h.0.${role}.weight`, { shard, shape: [4, 4] }),
  block: 0,
  role,
  kind: 'projection' as const,
});

it('computes the blocks and the digest of the whole', () => {
  const matrices = [
    [row('q_proj', 2), row('k_proj', 3), left('v_proj', 2)],
    [left('q_proj', 1), left('k_proj', 1), row('v_proj', 7)],
  ];
  const parts = matrices.map((rows, i) => ({
    file: `part-${i + 1}.json`,
    analysis: { ...analysisOf(rows, [{}]), shard: { index: i + 1, count: 2 } },
  }));
  const merged = mergeParts(parts);
  // Alphas 2, 3 and 7: squared distances from their mean 4 + 1 + 9, over 3 - 1.
  const spread = expect.closeTo(Math.sqrt(7), 12);
  expect(merged.blocks).toEqual([{ index: 0, alpha: 4, matrices: 3, range: [2, 7], spread }]);
  expect(merged.model.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
});

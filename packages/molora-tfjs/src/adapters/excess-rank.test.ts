import { describe, expect, it } from 'vitest';
import { excessRankNote } from './excess-rank.js';

const projection = (name: string, outputs: number, ...ranks: number[]) => ({
  ...{ name, block: 0, inputs: 64, outputs, topK: 1, ranks },
  scalings: ranks.map(() => 1),
});

describe('a note on ranks', () => {
  it('names a projection whose matrix has a smaller side, and counts the others', () => {
    const q = projection('h.0.q_proj', 64, 64, 64);
    const note = excessRankNote({
      projections: [q, projection('h.0.k_proj', 32, 64), projection('h.0.v_proj', 32, 8, 33)],
    });
    expect(note).toBe(
      'experts of 2 of 3 projections have a rank above the smaller side of their matrix, beyond which ' +
        'nothing is gained: h.0.k_proj (rank 64, smaller side 32) and 1 more',
    );
    expect(excessRankNote({ projections: [q] })).toBeUndefined();
  });
});

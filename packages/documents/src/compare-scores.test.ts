import { describe, expect, it } from 'vitest';
import { compareScores, type NamedScore } from './compare-scores.js';

/** Of `q_proj` and `k_proj` in six blocks; blocks have the mean of the two. */
function score(name: string, q: number[], k: number[]): NamedScore {
  const of = (role: string, values: number[]) =>
    values.map((value, block) => ({
      name: `h.${block}.${role}.weight`,
      block,
      role,
      score: value,
    }));
  return {
    ...{ name, source: `${name}.json` },
    blocks: q.map((value, block) => ({ block, score: (value + k[block]!) / 2 })),
    projections: [...of('q_proj', q), ...of('k_proj', k)],
  };
}

const hill = score('hill', [2.5, 3, 3, 4.5, 2, 6], [5, 5, 5.5, 7, 1, 2]);
const gradient = score('gradient', [10, 30, 20, 30, 5, 40], [3, 1, 4, 1, 5, 9]);

describe('two scores with ties', () => {
  const { correlations, blocks, projections } = compareScores([hill, gradient]);

  it('correlate as scipy.stats.spearmanr says', () => {
    const [{ a, b, roles, ...over }, ...more] = correlations as [(typeof correlations)[0]];
    expect([a, b, more, Object.keys(roles)]).toEqual([
      'hill',
      'gradient',
      [],
      ['q_proj', 'k_proj'],
    ]);
    expect(over.blocks).toEqual({ count: 6, spearman: expect.closeTo(0.6029411764705883, 12) });
    expect(over.projections).toEqual({
      count: 12,
      spearman: expect.closeTo(-0.20671378091872794, 12),
    });
    expect(roles['q_proj']).toEqual({ count: 6, spearman: expect.closeTo(0.9558823529411764, 12) });
    expect(roles['k_proj']).toEqual({
      count: 6,
      spearman: expect.closeTo(-0.6911764705882353, 12),
    });
  });

  it('rank as scipy.stats.rankdata says, the largest first, the largest difference first', () => {
    const byBlock = blocks.toSorted((one, other) => one.block - other.block);
    expect(byBlock.map(({ ranks }) => [ranks['hill'], ranks['gradient']])).toEqual([
      ...[
        [5, 5],
        [3.5, 2.5],
        [2, 4],
      ],
      ...[
        [1, 2.5],
        [6, 6],
        [3.5, 1],
      ],
    ]);
    expect(blocks.map(({ block, difference }) => [block, difference])).toEqual([
      ...[
        [5, 2.5],
        [2, 2],
        [3, 1.5],
      ],
      ...[
        [1, 1],
        [0, 0],
        [4, 0],
      ],
    ]);
    // Ranks 1 and 11.5 of twelve; ranks 4.5 and 11.5, 10.5 and 1 come behind.
    expect(projections[0]).toEqual({
      ...{ name: 'h.3.k_proj.weight', block: 3, role: 'k_proj', difference: 10.5 },
      ...{ scores: { hill: 7, gradient: 1 }, ranks: { hill: 1, gradient: 11.5 } },
    });
  });
});

describe('scores of different layers', () => {
  it('are correlated over what both have, and ranked over what all have', () => {
    const weak = {
      ...gradient,
      projections: gradient.projections.filter(({ block }) => block > 1),
    };
    const ofBlocks = { ...hill, name: 'mine', projections: [] };
    const { scores, correlations, blocks, projections } = compareScores([hill, weak, ofBlocks]);
    expect(scores.map((own) => [own.name, own.blocks, own.projections])).toEqual([
      ...[
        ['hill', 6, 12],
        ['gradient', 6, 8],
      ],
      ['mine', 6, 0],
    ]);
    const [first, second] = correlations;
    // Four values of a role are few.
    expect(first!.roles['q_proj']).toMatchObject({ count: 4, few: true });
    expect(first!.projections).toMatchObject({ count: 8 });
    expect(first!.projections).not.toHaveProperty('few');
    expect([second!.a, second!.b]).toEqual(['hill', 'mine']);
    expect(second!.blocks).toEqual({ count: 6, spearman: 1 });
    expect(second!.projections).toEqual({ count: 0, few: true });
    expect([blocks.length, projections.length]).toEqual([6, 8]);
    expect(Object.keys(projections[0]!.ranks)).toEqual(['hill', 'gradient']);
    const ranks = projections.map((row) => row.ranks['hill']!);
    expect([Math.min(...ranks), Math.max(...ranks)]).toEqual([1, 8]);
  });
});

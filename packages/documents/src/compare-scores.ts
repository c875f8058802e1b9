/**
 * Several scores of one model side by side, such as alpha by two estimators and the gradient of a task:
 * how alike their orders are, over the blocks, over all projections and role by role, and which
 * layers they place most differently. Plain data.
 */
import { defined } from '@alphalora/contracts';
import type { StackPlace } from '@alphalora/contracts/weights';
import { ranks, spearman } from './spearman.js';

/** What a score says of each block and projection of a model. Layers that it says nothing of are left out. */
export interface NamedScore {
  /** Unlike that of any other score it is compared with: `hill`, `gradient`. */
  name: string;
  /** Where it is from, such as a file. */
  source: string;
  blocks: ReadonlyArray<{ block: number; stack?: StackPlace; score: number }>;
  /** None where the score is known of blocks only. */
  projections: ReadonlyArray<{ name: string; block: number; role?: string; score: number }>;
}

export interface ScoreComparison {
  kind: 'comparison';
  of: 'scores';
  /** In the order in which they were given, with how many layers each of them scores. */
  scores: Array<{ name: string; source: string; blocks: number; projections: number }>;
  /** Of each pair of scores. */
  correlations: Array<{
    a: string;
    b: string;
    blocks: RankCorrelation;
    projections: RankCorrelation;
    /** Over the projections of one role, such as `q_proj`. */
    roles: Record<string, RankCorrelation>;
  }>;
  /** Blocks that all scores have, the largest difference of their ranks first. */
  blocks: Array<RankedLayer & { stack?: StackPlace }>;
  /** Projections that all scores of projections have, the largest difference of their ranks first. */
  projections: Array<RankedLayer & { name: string; role?: string }>;
}

export interface RankCorrelation {
  /** Layers that both scores have. */
  count: number;
  /** Spearman's; absent where it is undefined, as there are fewer than two values or all are equal. */
  spearman?: number;
  /** Whether there are fewer than {@link FEWEST} values, so that it says next to nothing. */
  few?: true;
}

interface RankedLayer {
  block: number;
  /** By the name of the score. */
  scores: Record<string, number>;
  /** By the name of the score: 1 for the largest; equal scores share the mean of their ranks. */
  ranks: Record<string, number>;
  /** Between the first and the last of its ranks. */
  difference: number;
}

/** A rank correlation of fewer values is marked. */
const FEWEST = 5;

/**
 * @param scores at least two, of the same model, with different names
 *
 * @example
 * compareScores([hill, gradient]).correlations[0]!.roles['q_proj']; // { count: 32, spearman: 0.71 }
 */
export function compareScores(scores: readonly NamedScore[]): ScoreComparison {
  const blocks = scores.map((score) => new Map(score.blocks.map((layer) => [layer.block, layer])));
  const projections = scores.map(
    (score) => new Map(score.projections.map((layer) => [layer.name, layer])),
  );
  const correlations = scores.flatMap(({ name: a }, i) =>
    scores.slice(i + 1).map(({ name: b }, after) => {
      const j = i + 1 + after;
      const both = pairs(projections[i]!, projections[j]!);
      return {
        a,
        b,
        blocks: correlation(pairs(blocks[i]!, blocks[j]!)),
        projections: correlation(both),
        roles: byRole(both),
      };
    }),
  );
  const names = scores.map(({ name }) => name);
  const named = names.filter((_, i) => projections[i]!.size > 0);
  return {
    ...({ kind: 'comparison', of: 'scores' } as const),
    scores: scores.map(({ name, source }, i) => ({
      ...{ name, source, blocks: blocks[i]!.size, projections: projections[i]!.size },
    })),
    correlations,
    blocks: ranked(names, blocks).map(([{ block, stack }, places]) => ({
      ...{ block, ...defined({ stack }), ...places },
    })),
    projections: ranked(
      named,
      projections.filter(({ size }) => size > 0),
    ).map(([{ name, block, role }, places]) => ({
      ...{ name, block, ...defined({ role }), ...places },
    })),
  };
}

type Pair<Layer> = readonly [a: Layer, b: Layer];

function pairs<Key, Layer>(
  a: ReadonlyMap<Key, Layer>,
  b: ReadonlyMap<Key, Layer>,
): Array<Pair<Layer>> {
  return [...a].flatMap(([key, layer]): Array<Pair<Layer>> => {
    const other = b.get(key);
    return other ? [[layer, other]] : [];
  });
}

function correlation(both: ReadonlyArray<Pair<{ score: number }>>): RankCorrelation {
  const value = spearman(
    both.map(([a]) => a.score),
    both.map(([, b]) => b.score),
  );
  return {
    count: both.length,
    ...defined({ spearman: value }),
    ...(both.length < FEWEST && { few: true as const }),
  };
}

/** In the order in which the roles first occur. */
function byRole(
  both: ReadonlyArray<Pair<{ role?: string; score: number }>>,
): Record<string, RankCorrelation> {
  const roles = new Map<string, Array<Pair<{ score: number }>>>();
  for (const pair of both) {
    const [{ role }] = pair;
    if (role === undefined) continue;
    const own = roles.get(role);
    if (own) own.push(pair);
    else roles.set(role, [pair]);
  }
  return Object.fromEntries([...roles].map(([role, own]) => [role, correlation(own)]));
}

/** The layers that all scores have, with their ranks among them. */
function ranked<Key, Layer extends { score: number }>(
  names: readonly string[],
  scores: ReadonlyArray<ReadonlyMap<Key, Layer>>,
): Array<[Layer, Pick<RankedLayer, 'scores' | 'ranks' | 'difference'>]> {
  const [first = new Map<Key, Layer>(), ...others] = scores;
  const keys = [...first.keys()].filter((key) => others.every((other) => other.has(key)));
  const values = scores.map((score) => keys.map((key) => score.get(key)!.score));
  const places = values.map((own) => ranks(own).map((rank) => keys.length - rank));
  const by = (lists: number[][], i: number): Record<string, number> =>
    Object.fromEntries(names.map((name, score) => [name, lists[score]![i]!]));
  return keys
    .map((key, i): [Layer, Pick<RankedLayer, 'scores' | 'ranks' | 'difference'>] => {
      const own = places.map((list) => list[i]!);
      const difference = Math.max(...own) - Math.min(...own);
      return [first.get(key)!, { scores: by(values, i), ranks: by(places, i), difference }];
    })
    .sort(([, a], [, b]) => b.difference - a.difference);
}

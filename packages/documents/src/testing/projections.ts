/** Small allocations with projections, made by hand. */
import type { AllocatedProjection, Allocation, Resource } from '@alphalora/contracts';

export type Projection = [
  name: string,
  block: number,
  amount: number,
  more?: Partial<AllocatedProjection> | undefined,
];

const amounts = {
  experts: (experts: number) => ({ experts, topK: Math.min(2, Math.max(1, experts)), rank: 8 }),
  rank: (rank: number) => ({ experts: 1, topK: 1, rank }),
};

/** Of experts (of rank 8) or ranks, per projection: the blocks have the sums. */
export function projectionAllocation(
  unit: 'experts' | 'rank',
  list: readonly Projection[],
  more: Partial<Allocation> = {},
): Allocation {
  const projections = list.map(([name, block, amount, own]) => ({
    name,
    block,
    role: name.split('.').at(-2)!,
    inputs: 16,
    outputs: 32,
    ...amounts[unit](amount),
    ...own,
  }));
  const indices = [...new Set(list.map(([, block]) => block))];
  const sumOf = (index: number, key: 'experts' | 'rank') =>
    projections.reduce((sum, own) => sum + (own.block === index ? own[key]! : 0), 0);
  const blocks = indices.map((index) => ({
    index,
    score: 2 + index,
    share: 1 / indices.length,
    experts: sumOf(index, 'experts'),
    topK: 1,
    ...(unit === 'rank' && { rank: sumOf(index, 'rank') }),
  }));
  return {
    schemaVersion: 1,
    kind: 'allocation',
    rounding: 'largest-remainder',
    policy: { name: 'alphalora', version: '1', options: {} },
    budget: { unit, per: 'projection', total: list.reduce((sum, [, , amount]) => sum + amount, 0) },
    blocks,
    projections,
    experts: blocks.map((block) => block.experts),
    topK: blocks.map(() => 1),
    ...more,
  };
}

/** Of matrices to train, per projection: an amount above 0 is selected. */
export function selectionAllocation(list: readonly Projection[]): Allocation {
  const { blocks, projections = [], ...rest } = projectionAllocation('rank', list);
  return {
    ...rest,
    policy: { name: 'spectrum', version: '1', options: {} },
    budget: { unit: 'selection', per: 'projection', measure: 'average', total: 0.5 },
    scoredBy: 'snr',
    blocks: blocks.map(({ index, score }) => ({ index, score })),
    projections: projections.map(({ experts: _, topK: __, rank = 0, ...own }) => ({
      ...own,
      value: Math.min(1, rank),
    })),
    experts: [],
    topK: [],
  };
}

/** Of something that is no adapter, decided by block. */
export function valueAllocation(unit: Resource, values: readonly number[]): Allocation {
  return {
    schemaVersion: 1,
    kind: 'allocation',
    budget: { unit },
    policy: { name: 'alphapruning', version: '1', options: {} },
    blocks: values.map((value, index) => ({ index, score: 3 - index, value })),
    experts: [],
    topK: [],
  };
}

/** Of something that is no adapter, decided by projection. */
export function valuesByProjection(unit: Resource, list: readonly Projection[]): Allocation {
  const { blocks, projections = [] } = projectionAllocation('rank', list);
  return {
    ...valueAllocation(unit, []),
    budget: { unit, per: 'projection' },
    blocks: blocks.map(({ index, score }) => ({ index, score })),
    projections: projections.map(({ experts: _, topK: __, rank: value = 0, ...own }) => ({
      ...own,
      value,
    })),
  };
}

/** A Llama-like model of three blocks; the second gets most, and one projection nothing. */
export const llamaLike: Projection[] = [
  ['model.layers.0.self_attn.q_proj.weight', 0, 2],
  ['model.layers.0.mlp.up_proj.weight', 0, 4, { inputs: 16, outputs: 64 }],
  ['model.layers.1.self_attn.q_proj.weight', 1, 6],
  ['model.layers.1.mlp.up_proj.weight', 1, 3, { inputs: 16, outputs: 64 }],
  ['model.layers.2.self_attn.q_proj.weight', 2, 1],
  ['model.layers.2.mlp.up_proj.weight', 2, 0, { inputs: 16, outputs: 64 }],
];

/** Names that regular expressions, YAML, CSV, JSON and shells read as something else. */
export const hostile: readonly string[] = [
  'model.layers.0.a+b(c)[d]{2}|e$.weight',
  'model.layers.0.x*y?^z.weight',
  'model.layers.0.back\\slash.weight',
  'model.layers.0."quoted": #name.weight',
  "model.layers.0.it's & *alias !tag.weight",
  'model.layers.0.ünïcode 层.weight',
  'model.layers.0.__proto__.weight',
  // What ends a line in YAML 1.1, and controls, which it refuses.
  'model.layers.0.a\rlora_r: 1\u2028lora_r: 2\u0085lora_r: 3\x1b[31m\x9b2J.weight',
  'model.layers.0.one\u2028more.weight',
];

/** Small allocations of other resources than experts, with numbers that are easy to add up. */
import {
  type AllocatedProjection,
  type Allocation,
  type Analysis,
  defined,
  type Resource,
} from '@alphalora/contracts';

const amountFor: Readonly<Record<Resource, (block: number, position: number) => number>> = {
  experts: (block, position) => block + (position % 3),
  rank: (block, position) => 4 * block + position,
  bits: (block, position) => [2, 3, 4, 8][(block + position) % 4]!,
  sparsity: (block, position) => 0.25 + 0.05 * ((block + position) % 10),
  selection: (block, position) => (block + position) % 2,
  'learning-rate': (block, position) => 0.5 + 0.1 * ((block + position) % 11),
  'weight-decay': (block, position) => 0.5 + 0.25 * ((block + position) % 11),
};

function portion(unit: Resource, amount: number): Partial<AllocatedProjection> {
  if (unit === 'rank') return { experts: 1, topK: 1, rank: amount };
  if (unit !== 'experts') return { value: amount };
  return { experts: amount, topK: Math.max(1, Math.min(2, amount)), rank: 8 };
}

/** Of the projections of an analysis, one by one or block by block. */
export function resourceOf(
  analysis: Analysis,
  unit: Resource,
  per: 'block' | 'projection' = 'block',
): Allocation {
  const rows = analysis.matrices.filter((row) => row.kind === 'projection');
  const inside = (index: number) => rows.filter(({ block }) => block === index);
  const amountOf = (block: number, position: number): number =>
    amountFor[unit](block, per === 'block' ? 0 : position);
  const projections = analysis.blocks.flatMap(({ index }) =>
    inside(index).map(({ name, role, shape }, position): AllocatedProjection => {
      const [outputs = 0, inputs = 0] = shape;
      return {
        name,
        block: index,
        inputs,
        outputs,
        ...defined({ role }),
        ...portion(unit, amountOf(index, position)),
      };
    }),
  );
  const adapters = unit === 'experts' || unit === 'rank';
  const blocks = analysis.blocks.map(({ index, alpha = 0 }) => {
    const amounts = inside(index).map((_, position) => amountOf(index, position));
    const sum = amounts.reduce((a, b) => a + b, 0);
    const one = per === 'block' ? amountOf(index, 0) : sum;
    const { rank, ...rest } = portion(unit, one);
    const share = adapters && { share: 1 / analysis.blocks.length };
    if (per === 'projection' && !adapters) return { index, score: alpha };
    return { index, score: alpha, ...share, ...rest, ...(unit === 'rank' && { rank: rank! }) };
  });
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy: { name: 'own', version: '1.0.0', options: {} },
    budget: { unit, ...(per === 'projection' && { per }), ...(unit === 'experts' && { total: 1 }) },
    blocks,
    projections,
    experts: adapters ? blocks.map((block) => ('experts' in block ? block.experts! : 1)) : [],
    topK: adapters ? blocks.map((block) => ('topK' in block ? block.topK! : 1)) : [],
    ...(adapters && { parameters: { rank: 8, trainable: 123_456 } }),
  };
}

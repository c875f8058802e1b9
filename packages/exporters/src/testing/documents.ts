/** Documents of every kind and unit, small and made by hand: plain ones, and ones with hostile names. */
import type { Allocation, Analysis, Resource } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { resources } from '@alphalora/documents';
import {
  allocationOf,
  analysisOf,
  failedRow,
  hostile,
  llamaLike,
  measuredRow,
  type Projection,
  projectionAllocation,
  selectionAllocation,
  skippedRow,
  valueAllocation,
  valuesByProjection,
} from '@alphalora/documents/testing';

export interface Sample {
  /** For messages. */
  readonly name: string;
  /** What the exporter has to claim to be given it. */
  readonly claim: 'analysis' | Resource;
  readonly document: Analysis | Allocation;
  /** The same with other numbers, where there are any. */
  readonly other?: Analysis | Allocation;
}

/** The documents that the exporter says it is for. */
export function samplesFor({ kinds, units }: Exporter): Sample[] {
  const claims = claimsOf({ kinds, ...(units && { units }) });
  return [...analyses(), ...allocations()].filter(({ claim }) => claims.includes(claim));
}

/** Each kind and unit that the exporter says it is for. */
export function claimsOf({ kinds, units }: Pick<Exporter, 'kinds' | 'units'>): Sample['claim'][] {
  const allocated = units ?? (Object.keys(resources) as Resource[]);
  return [
    ...(kinds.includes('analysis') ? (['analysis'] as const) : []),
    ...(kinds.includes('allocation') ? allocated : []),
  ];
}

function analyses(): Sample[] {
  const measured = (alpha: number) =>
    analysisOf(
      [
        ...llamaLike.map(([name], i) =>
          measuredRow(name, alpha + i / 10, { metrics: { snr: alpha / 10 } }),
        ),
        failedRow('model.layers.2.mlp.down_proj.weight'),
        skippedRow('model.norm.weight'),
      ],
      [{ alpha }, { alpha }, { alpha }],
    );
  return [
    {
      name: 'an analysis',
      claim: 'analysis',
      document: measured(2.5),
      other: measured(4.5),
    },
    {
      name: 'an analysis with hostile names',
      claim: 'analysis',
      document: analysisOf(
        hostile.map((name, i) => measuredRow(name, 2 + i, { metrics: { snr: 1 + i } })),
      ),
    },
    {
      name: 'an analysis without a single measured matrix',
      claim: 'analysis',
      document: analysisOf([failedRow('model.layers.0.mlp.up_proj.weight', 'contains NaN, "all"')]),
    },
  ];
}

const adapterUnits = ['experts', 'rank'] as const;

function allocations(): Sample[] {
  const adapters = adapterUnits.flatMap((unit): Sample[] => {
    // One everywhere at least: some programs cannot build a module without anything.
    const some = (factor: number) =>
      projectionAllocation(
        unit,
        llamaLike.map(([name, block, amount, more]) => [
          name,
          block,
          factor * Math.max(1, amount),
          more,
        ]),
      );
    return [
      {
        name: `${unit} per projection`,
        claim: unit,
        document: some(1),
        other: some(2),
      },
      {
        name: `${unit} per projection, one of which has none`,
        claim: unit,
        document: projectionAllocation(unit, llamaLike),
      },
      {
        name: `${unit} of hostile names`,
        claim: unit,
        document: projectionAllocation(
          unit,
          // More than a matrix can hold, so that notes have names to mention.
          [...hostile].reverse().map((name, i) => [name, 0, 20 + i]),
        ),
      },
    ];
  });
  const values = (Object.keys(resources) as Resource[]).filter(
    (unit) => unit !== 'selection' && !adapterUnits.some((adapter) => adapter === unit),
  );
  return [
    ...adapters,
    {
      name: 'experts per block',
      claim: 'experts',
      document: allocationOf([2, 3, 5], { parameters: { rank: 8, trainable: 1 } }),
      other: allocationOf([4, 6, 10], { parameters: { rank: 8, trainable: 1 } }),
    },
    {
      name: 'experts of blocks one of which is without projections',
      claim: 'experts',
      document: withEmptyBlock(allocationOf([2, 3, 5], { parameters: { rank: 8, trainable: 1 } })),
    },
    { name: 'experts of blocks without a rank', claim: 'experts', document: allocationOf([2, 0]) },
    {
      name: 'selection per projection',
      claim: 'selection',
      document: selectionAllocation(llamaLike),
      other: selectionAllocation(llamaLike.slice(1)),
    },
    {
      name: 'selection of hostile names',
      claim: 'selection',
      document: selectionAllocation(hostile.map((name) => [name, 0, 1])),
    },
    ...values.map((unit) => ({
      name: `${unit} per block`,
      claim: unit,
      document: valueAllocation(unit, [0.25, 0.5]),
      other: valueAllocation(unit, [0.5, 0.75]),
    })),
    ...values.flatMap((unit): Sample[] => [
      {
        name: `${unit} per projection`,
        claim: unit,
        document: valuesOf(unit, llamaLike),
        other: valuesOf(unit, llamaLike, 1),
      },
      {
        name: `${unit} of hostile names`,
        claim: unit,
        document: valuesOf(
          unit,
          hostile.map((name, i) => [name, 0, i % 5]),
        ),
      },
    ]),
  ];
}

/** Bits from 2 on, or shares of the weights and factors, of every projection. */
function valuesOf(unit: Resource, list: readonly Projection[], more = 0): Allocation {
  const valueFor = (amount: number) =>
    unit === 'bits' ? 2 + ((amount + more) % 7) : (amount + more) / 8;
  return valuesByProjection(
    unit,
    list.map(([name, block, amount, own]) => [name, block, valueFor(amount), own]),
  );
}

/** The second block gets nothing, as there is nothing in it. */
function withEmptyBlock(allocation: Allocation): Allocation {
  const { experts, topK } = allocation;
  const nothing = {
    index: 1,
    score: 0,
    share: 0,
    experts: 0,
    topK: 1,
    empty: 'it has no projections',
  };
  return {
    ...allocation,
    blocks: allocation.blocks.with(1, nothing),
    experts: experts.with(1, 0),
    topK: topK.with(1, 1),
  };
}

/** What can be shared out: one table of how each resource is counted and what it is called. */
import type { Resource } from '@alphalora/contracts';

export interface ResourceKind {
  /** What usually gets an amount: blocks, or projections one by one. */
  readonly per: 'block' | 'projection';
  /** Where a layer of an allocation has its amount. */
  readonly field: 'experts' | 'rank' | 'value';
  /** Whether it comes in integers. */
  readonly whole: boolean;
  /** Whether it consists of trainable parameters beside the model's own. */
  readonly adapter: boolean;
  /** Whether its units are modules among which a router selects for each token. */
  readonly routed: boolean;
  /** Whether the layers share a total; multipliers stand for themselves. */
  readonly shared: boolean;
  /** Whether the amounts of a block's projections make the block's; it has their average otherwise. */
  readonly adds: boolean;
  /** Whether the size of a layer counts in an average. */
  readonly weighted: boolean;
  /** Whether units are counted, `3 experts`; an amount is a size otherwise, `rank 3`. */
  readonly counted: boolean;
  /** Whether an amount is a part of 1, which pages show in percent. */
  readonly fraction: boolean;
  /** Bounds of a layer, where none are given. */
  readonly min: number;
  readonly max: number;
  /** Decimals of an amount that is no integer. */
  readonly decimals: number;
  /** Heads a chart: `Learning rate`. */
  readonly title: string;
  /** Heads a column of amounts: `factor`. */
  readonly amount: string;
  /** What an allocation shares out: `LoRA ranks`. */
  readonly plural: string;
  /** Behind a sum or a difference of amounts: `3 ranks`, `0.2 of sparsity`. */
  readonly units: string;
  /** Who has least, one or several, and who most: `gets the fewest`, `get the fewest`, `the most`. */
  readonly extremes: readonly [lowest: string, severalLowest: string, highest: string];
  /** For a reader who has met none of this. */
  readonly meaning: readonly [word: string, meaning: string];
}

const adapter = {
  per: 'block',
  whole: true,
  adapter: true,
  shared: true,
  adds: true,
  weighted: false,
  fraction: false,
  min: 1,
  max: Number.POSITIVE_INFINITY,
  decimals: 1,
} as const;

const factor = {
  per: 'block',
  field: 'value',
  whole: false,
  adapter: false,
  routed: false,
  shared: false,
  adds: false,
  weighted: false,
  counted: false,
  fraction: false,
  min: 0,
  max: Number.POSITIVE_INFINITY,
  decimals: 3,
  amount: 'factor',
  units: 'of the factor',
  extremes: ['gets the smallest factor', 'get the smallest factor', 'the largest'],
} as const;

export const resources: Readonly<Record<Resource, ResourceKind>> = {
  experts: {
    ...adapter,
    field: 'experts',
    routed: true,
    counted: true,
    title: 'Experts',
    amount: 'experts',
    plural: 'LoRA experts',
    units: 'experts',
    extremes: ['gets the fewest', 'get the fewest', 'the most'],
    meaning: [
      'LoRA expert',
      'A small pair of matrices that is trained while the model itself stays as it is. A block may have several; a router picks a few of them for each token. Blocks that have learned less have more to gain, so they get more experts.',
    ],
  },
  rank: {
    ...adapter,
    field: 'rank',
    routed: false,
    counted: false,
    title: 'Rank',
    amount: 'rank',
    plural: 'LoRA ranks',
    units: 'ranks',
    extremes: ['gets the lowest', 'get the lowest', 'the highest'],
    meaning: [
      'LoRA rank',
      'A LoRA is a small pair of matrices that is trained while the model itself stays as it is. Its rank is the length that the two have in common: the higher, the more it can learn, and the more parameters it has.',
    ],
  },
  bits: {
    per: 'block',
    field: 'value',
    whole: true,
    adapter: false,
    routed: false,
    shared: true,
    adds: false,
    weighted: true,
    counted: true,
    fraction: false,
    // From one bit to the half precision that models are stored in.
    min: 1,
    max: 16,
    decimals: 2,
    title: 'Bits',
    amount: 'bits',
    plural: 'bits',
    units: 'bits',
    extremes: ['gets the fewest', 'get the fewest', 'the most'],
    meaning: [
      'Bits',
      'Quantisation stores each weight in a few bits instead of 16. The fewer, the smaller the model, and the further its weights are from what was trained. An average of bits counts every weight once, so large matrices count for more.',
    ],
  },
  sparsity: {
    per: 'block',
    field: 'value',
    whole: false,
    adapter: false,
    routed: false,
    shared: true,
    adds: false,
    weighted: true,
    counted: false,
    fraction: true,
    min: 0,
    max: 1,
    decimals: 3,
    title: 'Sparsity',
    amount: 'sparsity',
    plural: 'sparsity',
    units: 'of sparsity',
    extremes: ['loses the smallest part', 'lose the smallest part', 'the largest'],
    meaning: [
      'Sparsity',
      'Pruning sets the least important weights to zero; the sparsity is their share. Blocks that have learned less can lose more. An average of sparsity counts every weight once, so large matrices count for more.',
    ],
  },
  selection: {
    per: 'projection',
    field: 'value',
    whole: true,
    adapter: false,
    routed: false,
    shared: true,
    adds: true,
    weighted: false,
    counted: true,
    fraction: false,
    min: 0,
    max: 1,
    decimals: 3,
    title: 'Selection',
    amount: 'selected',
    plural: 'selections',
    units: 'selected',
    extremes: ['is frozen', 'are frozen', 'is trained'],
    meaning: [
      'Selection',
      'Only some of the matrices are trained, whole, and the rest of the model stays frozen as it is. That takes less memory than training all of them. 1 stands for a matrix that is trained, 0 for one that is not.',
    ],
  },
  'learning-rate': {
    ...factor,
    title: 'Learning rate',
    plural: 'learning-rate factors',
    meaning: [
      'Learning-rate factor',
      'Training changes weights in small steps, as long as the learning rate says. The factor multiplies it: above 1 a block takes longer steps than the rest of the model, below 1 shorter ones.',
    ],
  },
  'weight-decay': {
    ...factor,
    title: 'Weight decay',
    plural: 'weight-decay factors',
    meaning: [
      'Weight-decay factor',
      'Weight decay pulls weights towards zero a little at every step of training. The factor multiplies it: above 1 a block is pulled more strongly than the rest of the model, below 1 less.',
    ],
  },
};

/** What is allocated where nothing else is named. */
export const defaultResource: Resource = 'experts';

export const resourceNames = Object.keys(resources) as readonly Resource[];

/** The words for each resource, and how its amounts are written and put together. */
import type { Resource } from '@alphalora/contracts';
import { count, decimal, plain, tenths } from './format.js';

export interface ResourceWords {
  /** Heads charts and columns. */
  title: string;
  /** What the page holds an allocation of. */
  kicker: string;
  /**
   * Whether the amounts of a block's projections add up to the block's; otherwise the block has their
   * average.
   */
  adds: boolean;
  /** Whether the size of a matrix counts in an average. */
  weighted: boolean;
  /** An amount, with its unit where it is not the title. */
  number: (amount: number) => string;
  /** An amount in a sentence: `3 experts`. */
  phrase: (amount: number) => string;
  /** In a narrow cell or at the end of a bar; of sparsity in percent. */
  short: (amount: number) => string;
  /** On an axis; of sparsity in percent. */
  tick: (amount: number) => string;
  /** `gets the fewest`, `the most` */
  extremes: readonly [lowest: string, highest: string];
  /** For the guide. */
  meaning: readonly [word: string, meaning: string];
}

/** Integers as they are; averages with two decimals. */
const counted = (amount: number): string => {
  // An average is a sum of fractions, which misses an integer by a rounding error.
  const nearest = Math.round(amount);
  return Math.abs(amount - nearest) < 1e-9 ? plain(nearest) : decimal(amount);
};

const factor: Omit<ResourceWords, 'title' | 'kicker' | 'meaning'> = {
  ...{ adds: false, weighted: false },
  number: (amount) => decimal(amount),
  phrase: (amount) => `the factor ${decimal(amount)}`,
  short: (amount) => decimal(amount),
  tick: plain,
  extremes: ['gets the smallest factor', 'the largest'],
};

export const resources: Readonly<Record<Resource, ResourceWords>> = {
  experts: {
    ...{ title: 'Experts', kicker: 'LoRA experts', adds: true, weighted: false },
    ...{ number: counted, phrase: (amount) => count(amount, 'expert'), short: tenths, tick: plain },
    extremes: ['gets the fewest', 'the most'],
    meaning: [
      'LoRA expert',
      'A small pair of matrices that is trained while the model itself stays as it is. A block may have several; a router picks a few of them for each token. Blocks that have learned less have more to gain, so they get more experts.',
    ],
  },
  rank: {
    ...{ title: 'Rank', kicker: 'LoRA ranks', adds: true, weighted: false },
    ...{
      number: counted,
      phrase: (amount) => `rank ${counted(amount)}`,
      short: tenths,
      tick: plain,
    },
    extremes: ['gets the lowest', 'the highest'],
    meaning: [
      'LoRA rank',
      'A LoRA is a small pair of matrices that is trained while the model itself stays as it is. Its rank is the length that the two have in common: the higher, the more it can learn, and the more parameters it has.',
    ],
  },
  bits: {
    ...{ title: 'Bits', kicker: 'bits', adds: false, weighted: true },
    ...{
      number: counted,
      phrase: (amount) => `${counted(amount)} bits`,
      short: tenths,
      tick: plain,
    },
    extremes: ['gets the fewest', 'the most'],
    meaning: [
      'Bits',
      'Quantisation stores each weight in a few bits instead of 16. The fewer, the smaller the model, and the further its weights are from what was trained. An average of bits counts every weight once, so large matrices count for more.',
    ],
  },
  sparsity: {
    ...{ title: 'Sparsity', kicker: 'sparsity', adds: false, weighted: true },
    number: (amount) => `${decimal(100 * amount, 1)} %`,
    phrase: (amount) => `a sparsity of ${decimal(100 * amount, 1)} %`,
    short: (amount) => decimal(100 * amount, 0),
    tick: (amount) => plain(100 * amount),
    extremes: ['loses the smallest part', 'the largest'],
    meaning: [
      'Sparsity',
      'Pruning sets the least important weights to zero; the sparsity is their share. Blocks that have learned less can lose more. An average of sparsity counts every weight once, so large matrices count for more.',
    ],
  },
  'learning-rate': {
    ...factor,
    ...{ title: 'Learning rate', kicker: 'learning-rate factors' },
    meaning: [
      'Learning-rate factor',
      'Training changes weights in small steps, as long as the learning rate says. The factor multiplies it: above 1 a block takes longer steps than the rest of the model, below 1 shorter ones.',
    ],
  },
  'weight-decay': {
    ...factor,
    ...{ title: 'Weight decay', kicker: 'weight-decay factors' },
    meaning: [
      'Weight-decay factor',
      'Weight decay pulls weights towards zero a little at every step of training. The factor multiplies it: above 1 a block is pulled more strongly than the rest of the model, below 1 less.',
    ],
  },
};

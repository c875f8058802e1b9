/** How the page writes the amounts of each resource. */
import type { Resource } from '@alphalora/contracts';
import { type ResourceKind, resources } from '@alphalora/documents';
import { count, decimal, plain, tenths, whole } from './format.js';

interface Writing {
  /** An amount, with its unit where it is not the title. */
  number: (amount: number) => string;
  /** An amount in a sentence: `3 experts`. */
  phrase: (amount: number) => string;
  /** In a narrow cell or at the end of a bar; of sparsity in percent. */
  short: (amount: number) => string;
  /** On an axis; of sparsity in percent. */
  tick: (amount: number) => string;
  /** Heads a list of amounts: `Ranks`. */
  amounts: string;
  /** Heads the sum of what adds up: `Ranks in all`. */
  sum: string;
  /** Behind the title, where blocks have amounts of their own: `of each weight`. */
  place: string;
  /**
   * How much there is, where it goes and by which rule.
   * @param amount the sum of what adds up, the average of anything else
   * @param layers `8 blocks`
   * @param rule the end of the sentence: `in proportion to alpha`
   */
  opening: (amount: number, layers: string, rule: string) => string;
}

export type ResourceWords = ResourceKind & Writing;

export function wordsOf(unit: Resource): ResourceWords {
  return { ...resources[unit], ...writing[unit] };
}

/** Integers as they are; averages with two decimals. */
const counted = (amount: number): string => {
  // An average is a sum of fractions, which misses an integer by a rounding error.
  const nearest = Math.round(amount);
  return Math.abs(amount - nearest) < 1e-9 ? plain(nearest) : decimal(amount);
};

const ofIntegers = { number: counted, short: tenths, tick: plain };

const factorOn = (title: string): Writing => ({
  number: (amount) => decimal(amount),
  phrase: (amount) => `the factor ${decimal(amount)}`,
  short: (amount) => decimal(amount),
  tick: plain,
  ...headed(title),
  place: 'as a factor on the global one',
  opening: (_, layers, rule) =>
    `The ${title.toLowerCase()} of each of ${layers} is multiplied by a factor ${rule}.`,
});

function headed(title: string): Pick<Writing, 'amounts' | 'sum'> {
  return { amounts: title, sum: title };
}

const writing: Readonly<Record<Resource, Writing>> = {
  experts: {
    ...ofIntegers,
    ...headed(resources.experts.title),
    phrase: (amount) => count(amount, 'expert'),
    place: '(the allocation was not tested by draws)',
    opening: (sum, layers, rule) =>
      `${count(sum, 'LoRA expert is', 'LoRA experts are')} shared out among ${layers} ${rule}.`,
  },
  rank: {
    ...ofIntegers,
    amounts: 'Ranks',
    sum: 'Ranks in all',
    phrase: (amount) => `rank ${counted(amount)}`,
    place: 'of each of its projections',
    opening: (sum, layers, rule) =>
      `LoRA ranks of ${whole(sum)} in all are shared out among ${layers} ${rule}.`,
  },
  bits: {
    ...ofIntegers,
    ...headed(resources.bits.title),
    phrase: (amount) => `${counted(amount)} bits`,
    place: 'of each weight',
    opening: (average, layers, rule) =>
      `The weights are to be stored in ${counted(average)} bits on average, shared out among ${layers} ${rule}.`,
  },
  sparsity: {
    number: (amount) => `${decimal(100 * amount, 1)} %`,
    phrase: (amount) => `a sparsity of ${decimal(100 * amount, 1)} %`,
    short: (amount) => decimal(100 * amount, 0),
    tick: (amount) => plain(100 * amount),
    ...headed(resources.sparsity.title),
    place: 'in percent of its weights',
    opening: (average, layers, rule) =>
      `Pruning is to remove ${decimal(100 * average, 1)} % of the weights, shared out among ${layers} ${rule}.`,
  },
  selection: {
    number: plain,
    short: (amount) => (Number.isInteger(amount) ? plain(amount) : decimal(amount, 1)),
    tick: plain,
    phrase: (amount) => (amount === 0 ? 'frozen' : amount === 1 ? 'trained' : plain(amount)),
    amounts: 'Selected matrices',
    sum: 'Matrices to train',
    place: '(1 is trained, 0 is frozen)',
    opening: (sum, layers, rule) =>
      `${count(sum, 'matrix', 'matrices')} among ${layers} ${sum === 1 ? 'is' : 'are'} selected to be trained ${rule}; the rest of the model stays frozen.`,
  },
  'learning-rate': factorOn(resources['learning-rate'].title),
  'weight-decay': factorOn(resources['weight-decay'].title),
};

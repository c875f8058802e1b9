/** How the page writes the amounts of each resource. */
import type { Resource } from '@alphalora/contracts';
import { type ResourceKind, resources } from '@alphalora/documents';
import { count, decimal, plain, tenths } from './format.js';

interface Writing {
  /** An amount, with its unit where it is not the title. */
  number: (amount: number) => string;
  /** An amount in a sentence: `3 experts`. */
  phrase: (amount: number) => string;
  /** In a narrow cell or at the end of a bar; of sparsity in percent. */
  short: (amount: number) => string;
  /** On an axis; of sparsity in percent. */
  tick: (amount: number) => string;
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

const whole = { number: counted, short: tenths, tick: plain };

const factor: Writing = {
  number: (amount) => decimal(amount),
  phrase: (amount) => `the factor ${decimal(amount)}`,
  short: (amount) => decimal(amount),
  tick: plain,
};

const writing: Readonly<Record<Resource, Writing>> = {
  experts: { ...whole, phrase: (amount) => count(amount, 'expert') },
  rank: { ...whole, phrase: (amount) => `rank ${counted(amount)}` },
  bits: { ...whole, phrase: (amount) => `${counted(amount)} bits` },
  sparsity: {
    number: (amount) => `${decimal(100 * amount, 1)} %`,
    phrase: (amount) => `a sparsity of ${decimal(100 * amount, 1)} %`,
    short: (amount) => decimal(100 * amount, 0),
    tick: (amount) => plain(100 * amount),
  },
  'learning-rate': factor,
  'weight-decay': factor,
};

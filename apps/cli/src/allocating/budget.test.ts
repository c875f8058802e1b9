import { describe, expect, it } from 'vitest';
import { budgetFor } from './budget.js';

const plain = { unit: 'experts', per: 'block' } as const;

describe('the total', () => {
  it.each([
    [{ total: 160 }, { total: 160 }],
    [{ parameters: 1e9 }, { measure: 'parameters', total: 1e9 }],
    [{ average: 4.5 }, { measure: 'average', total: 4.5 }],
  ] as const)('is what %j says', (given, expected) => {
    expect(budgetFor({ ...plain, ...given }, 32)).toEqual({ ...plain, ...expected });
  });

  // The published budget: 160 experts for the 32 blocks of a 7B model.
  it.each([
    ['experts', { total: 160 }],
    ['rank', { total: 8 * 32 }],
    ['bits', { measure: 'average', total: 4 }],
    ['sparsity', { measure: 'average', total: 0.5 }],
    ['learning-rate', {}],
    ['weight-decay', {}],
  ] as const)('of %s is the usual one where none is given', (unit, expected) => {
    expect(budgetFor({ unit, per: 'block' }, 32)).toEqual({ unit, per: 'block', ...expected });
  });

  it('is given in one way only', () => {
    expect(() => budgetFor({ ...plain, total: 3, parameters: 4 }, 2)).toThrow(
      '--total and --parameters both set the total',
    );
  });
});

it('hands on the bounds that were given', () => {
  const budget = budgetFor({ ...plain, total: 9, min: 0, max: 4 }, 3);
  expect(budget).toEqual({ ...plain, total: 9, min: 0, max: 4 });
});

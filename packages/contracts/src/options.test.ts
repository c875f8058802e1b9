import { describe, expect, it } from 'vitest';
import { refusedOptions } from './options.js';

const refusal = (
  given: Record<string, unknown>,
  path: Array<string | { key: string }>,
  schema?: object,
) => {
  const issues = [{ message: 'Invalid', path }];
  return refusedOptions('policy', 'own', given, issues, schema).message;
};

describe('the refusal of options', () => {
  it('names those that there are where one is not known, without its value', () => {
    const told = 'policy own has no option "bta": did you mean beta? its options are beta, low';
    expect(refusal({ bta: 3 }, [{ key: 'bta' }], { entries: { beta: 1, low: 1 } })).toBe(told);
    expect(refusal({ bta: 3 }, ['bta'], { shape: { beta: 1, low: 1 } })).toBe(told);
    expect(refusal({ far: 3 }, ['far'], { entries: {} })).toBe('policy own has no option "far"');
  });

  it('shows a value that is wrong', () => {
    const schema = { entries: { beta: 1 } };
    expect(refusal({ beta: -3 }, ['beta'], schema)).toBe(
      'policy own, option beta: Invalid (it is -3)',
    );
    expect(refusal({ beta: -3 }, ['beta'])).toBe('policy own, option beta: Invalid (it is -3)');
  });
});

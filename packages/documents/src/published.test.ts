import { describe, expect, it } from 'vitest';
import { unpublished } from './published.js';
import { analysisOf, measuredRow } from './testing/index.js';

function analysis(options: object, dtype: 'F16' | 'F32' = 'F32', model: object = {}) {
  const document = analysisOf([measuredRow('h.0.q_proj.weight', 3, { dtype })], [{ alpha: 3 }]);
  return {
    ...document,
    model: { ...document.model, ...model },
    options: { engine: 'wasm', estimator: 'fix-finger', aggregate: 'mean' as const, ...options },
  };
}

describe('what is unlike the released AlphaLoRA', () => {
  it.each([
    ['cast to float16', analysis({ cast: 'float16', splitFused: false })],
    ['stored as float16', analysis({}, 'F16')],
    // Scores are made anew.
    ['with another aggregate', analysis({ cast: 'float16', aggregate: 'median' })],
  ])('is nothing of an analysis %s', (_, document) => {
    expect(unpublished(document)).toEqual([]);
  });

  it.each([
    [['cast to no type, not float16'], analysis({})],
    [['cast bfloat16, not float16'], analysis({ cast: 'bfloat16' })],
    [['estimator hill, not fix-finger'], analysis({ estimator: 'hill', cast: 'float16' })],
    [['with bag', 'with splitFused'], analysis({ cast: 'float16', bag: 64, splitFused: true })],
    [['with adapter'], analysis({}, 'F16', { adapter: 'lora' })],
  ])('is %j', (expected, document) => {
    expect(unpublished(document)).toEqual(expected);
  });
});

/** Accumulation and clipping. */
import { isAlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { bigramModel, dropoutModel, randomSequences } from '../test-support/tiny-model.js';
import { clipFactor, globalNorm, stepGradients } from './gradients.js';
import { type TokenSequence, tokenBatch } from './sequences.js';

const VOCABULARY = 11;
const sequences = randomSequences(30, VOCABULARY);

beforeAll(() => useBackend(inject('backend')));

describe('gradients of a step', () => {
  it('are those of one batch, however it is cut into micro-batches', async () => {
    const model = dropoutModel(VOCABULARY, 0);
    const gradients = async (parts: TokenSequence[][]) => {
      const seeds = parts.map(() => 0);
      const found = stepGradients(model, parts.map(tokenBatch), seeds);
      const values = [await found.loss.data()];
      for (const name of Object.keys(found.gradients).sort())
        values.push(await found.gradients[name]!.data());
      tf.dispose([found.loss, found.gradients]);
      return values.map((array) => [...(array as Float32Array)]);
    };
    const all = sequences.slice(0, 12);
    const whole = await gradients([all]);
    // The loss, and one gradient each of two variables: the idle one has none.
    expect(whole.map(({ length }) => length)).toEqual([1, 66, 66]);
    // Unequal parts, of unequal numbers of targets, one of them with none.
    const blank = { ids: all[0]!.ids, weights: new Float32Array(all[0]!.ids.length) };
    const cut = await gradients([all.slice(0, 1), all.slice(1, 6), [blank], all.slice(6)]);
    cut.forEach((values, i) => {
      values.forEach((value, j) => {
        expect(Math.abs(value - whole[i]![j]!)).toBeLessThan(1e-6);
      });
    });
    model.dispose();
  });

  it('need a target', () => {
    const model = bigramModel(VOCABULARY);
    const blank = tokenBatch([{ ids: Int32Array.of(1, 2), weights: Float32Array.of(1, 0) }]);
    expect(() => stepGradients(model, [blank], [0])).toThrow(
      expect.toSatisfy((error) => isAlphaLoraError(error, 'INVALID_OPTION')),
    );
    model.dispose();
  });

  it('are clipped by the norm of all of them together', async () => {
    const gradients = { a: tf.tensor1d([3, 0]), b: tf.tensor2d([[0], [-4]]) };
    const norm = globalNorm(gradients);
    expect((await norm.data())[0]).toBe(5);
    tf.dispose([norm, gradients]);
    expect(clipFactor(5, 1)).toBeCloseTo(0.2, 6);
    expect(clipFactor(5, 10)).toBe(1);
    expect(clipFactor(5, null)).toBe(1);
  });
});

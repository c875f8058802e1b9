/**
 * The same adapter in three ways: beside the demo model as experts, merged into its weights here, and
 * merged by `@alphalora/checkpoint` from PEFT's files. The weights and the logits must agree.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Checkpoint } from '@alphalora/checkpoint';
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { temporaryFolder } from '@alphalora/testing/folders';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdapterState } from '../adapters/adapter-spec.js';
import { adapterSpec } from '../adapters/allocation.js';
import { mergedWeights } from '../adapters/merge.js';
import { peftFiles } from '../adapters/peft.js';
import { adaptedModel } from '../decoder/adapted-model.js';
import { loadDecoder } from '../decoder/decoder.js';
import { type AdapterOptions, logits } from '../decoder/forward.js';
import { stateOf } from '../test-support/adapters.js';
import { useBackend } from '../test-support/backend.js';

const path = fileURLToPath(new URL('../../../../examples/demo-model', import.meta.url));

const folder = temporaryFolder('merged');
let base: Checkpoint;
let state: AdapterState;
beforeAll(async () => {
  await useBackend('cpu');
  base = await openCheckpoint(path);
  const blocks = Array.from({ length: base.blocks }, (_, index) => {
    return { index, score: 1, experts: 1, topK: 1, rank: index % 3 };
  });
  const { projections } = adapterSpec({
    allocation: {
      schemaVersion: 1,
      kind: 'allocation',
      blocks,
      experts: [],
      topK: [],
      policy: { name: 'x', version: '1', options: {} },
      budget: { unit: 'rank' },
    },
    weights: base.tensors,
    targets: ['q_proj', 'o_proj', 'down_proj'],
    alpha: 0.5,
  });
  state = stateOf(projections);
  const { weights, config } = peftFiles(state);
  await writeFile(join(folder, 'adapter_model.safetensors'), weights);
  await writeFile(join(folder, 'adapter_config.json'), config);
});
afterAll(() => base.close());

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!));
  return most;
}

describe('a merged model', () => {
  it('has the weights that PEFT files of the adapter give', async () => {
    const merged = mergedWeights(base.tensors, state);
    const peft = await openCheckpoint(path, { adapter: folder });
    let changed = 0;
    for (const [i, weight] of merged.entries()) {
      const [own, other] = [await weight.read(), await peft.tensors[i]!.read()];
      // B was multiplied by its scaling and rounded there.
      expect(distance(own, other), weight.name).toBeLessThan(1e-6);
      if (weight !== base.tensors[i]) changed++;
    }
    // Ranks 0, 1, 2, 0, ...: five of eight blocks, three projections each.
    expect(changed).toBe(15);
    await peft.close();
  });

  it('has the logits of the model with the adapter', async () => {
    const ids = tf.tensor2d([[1, 5, 40, 7, 59, 12]], undefined, 'int32');
    const outputs = async (
      tensors: Checkpoint['tensors'],
      options: (decoder: Awaited<ReturnType<typeof loadDecoder>>) => AdapterOptions,
    ): Promise<Float32Array> => {
      const decoder = await loadDecoder({ ...base, tensors });
      const result = tf.tidy(() => logits(decoder, ids, options(decoder)).logits);
      const values = (await result.data()) as Float32Array;
      tf.dispose(result);
      decoder.dispose();
      return values;
    };
    const beside = await outputs(base.tensors, (decoder) => {
      return { adapter: adaptedModel(decoder, state).adapter };
    });
    const within = await outputs(mergedWeights(base.tensors, state), () => ({}));
    const without = await outputs(base.tensors, () => ({}));
    expect(distance(within, without)).toBeGreaterThan(0.1);
    expect(distance(within, beside)).toBeLessThan(1e-4);
  });
});

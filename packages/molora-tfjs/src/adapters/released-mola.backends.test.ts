/**
 * Adapters of the released MoLA and AlphaLoRA code, both ways, against logits that this code gave when it was run: see
 * test-support/released-mola/released.py.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convertAdapter } from '@alphalora/checkpoint/adapters';
import { type AdapterOptions, openAdapter, openCheckpoint } from '@alphalora/checkpoint/node';
import { temporaryFolder } from '@alphalora/testing/folders';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { adaptedModel } from '../decoder/adapted-model.js';
import type { Decoder } from '../decoder/decoder.js';
import { logits } from '../decoder/forward.js';
import { loadModel } from '../node/load.js';
import { loadAdapter } from '../node/load-adapter.js';
import { useBackend } from '../test-support/backend.js';

const released = new URL('../test-support/released-mola/', import.meta.url).pathname;
const folder = temporaryFolder('released-mola');

interface Reference {
  tokens: number[][];
  logits: number[][][];
  sha256?: string;
  trained?: number;
}
const referenceOf = (name: string): Reference =>
  JSON.parse(readFileSync(join(released, `${name}-logits.json`), 'utf8'));

/** Converts an adapter into a folder, with its notes. */
async function converted(
  path: string,
  to: 'mola' | 'alphalora',
  options: AdapterOptions = {},
): Promise<{ path: string; notes: readonly string[] }> {
  const adapter = await openAdapter(path, { expert: 'each', ...options });
  const base = await openCheckpoint(join(released, 'base'));
  const { files, notes } = await convertAdapter(adapter, { to, base });
  await Promise.all([adapter.close(), base.close()]);
  const written = join(folder, `${to}-${createHash('sha256').update(path).digest('hex')}`);
  mkdirSync(written, { recursive: true });
  for (const [name, pieces] of Object.entries(files)) {
    writeFileSync(join(written, name), Buffer.concat(pieces));
  }
  return { path: written, notes };
}

describe('adapters of the released code of MoLA', () => {
  let decoder: Decoder;
  beforeAll(async () => {
    await useBackend(inject('backend'));
    ({ decoder } = await loadModel(join(released, 'base')));
  });
  afterAll(() => decoder.dispose());

  /** The largest difference between the logits with the adapter and the reference. */
  async function distance(path: string, { tokens, logits: expected }: Reference): Promise<number> {
    const { state } = await loadAdapter(path);
    const adapted = adaptedModel(decoder, state);
    try {
      const found = tf.tidy(() =>
        logits(decoder, tf.tensor2d(tokens, undefined, 'int32'), {
          adapter: adapted.adapter,
        }).logits.dataSync(),
      );
      const flat = expected.flat(2);
      expect(found.length).toBe(flat.length);
      return flat.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
    } finally {
      adapted.dispose();
    }
  }

  it('give its logits, as it saves them and in our form', async () => {
    const reference = referenceOf('adapter');
    const path = join(released, 'adapter');
    expect(await distance(path, reference)).toBeLessThan(2e-5);
    const ours = await converted(path, 'alphalora');
    expect(await distance(ours.path, reference)).toBeLessThan(2e-5);
    const back = await converted(ours.path, 'mola');
    expect(await distance(back.path, reference)).toBeLessThan(2e-5);
    // Without it the numbers would say nothing.
    expect(await distance(join(released, 'own'), reference)).toBeGreaterThan(0.1);
  });

  it('have experts by their names, ranks by block, and top-k by the released rule, which is told', async () => {
    const { state, notes } = await loadAdapter(join(released, 'adapter'));
    expect(notes).toEqual([expect.stringMatching(/router selects is in no file.*--top-k/)]);
    const at = (block: number) =>
      state.spec.projections.filter((projection) => projection.block === block);
    expect(state.spec.projections.length).toBe(21);
    for (const projection of at(0)) {
      expect(projection).toMatchObject({ ranks: [2], scalings: [8], topK: 1 });
    }
    for (const projection of at(1)) {
      expect(projection).toMatchObject({ ranks: [4, 4, 4], scalings: [4, 4, 4], topK: 2 });
    }
    for (const projection of at(2)) {
      expect(projection).toMatchObject({ ranks: [3, 3], scalings: [16 / 3, 16 / 3], topK: 2 });
    }
    expect(Object.keys(state.tensors).filter((name) => name.endsWith('.router')).length).toBe(14);
  });

  it('select as many experts as is said', async () => {
    const { path } = await converted(join(released, 'adapter'), 'mola', { topK: [1, 3, 1] });
    const { state, notes } = await loadAdapter(path);
    expect(notes).toBeUndefined();
    expect(new Set(state.spec.projections.map(({ block, topK }) => `${block}: ${topK}`))).toEqual(
      new Set(['0: 1', '1: 3', '2: 1']),
    );
    expect(await distance(path, referenceOf('adapter'))).toBeGreaterThan(0.01);
  });

  it('are written as it loads them, with ranks, scalings and modules that it has no place for', async () => {
    const reference = referenceOf('own');
    const { path, notes } = await converted(join(released, 'own'), 'mola');
    // The very file that the released code loaded, whose logits these are.
    const bytes = readFileSync(join(path, 'adapter_model.safetensors'));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(reference.sha256);
    expect(await distance(join(released, 'own'), reference)).toBeLessThan(2e-5);
    expect(await distance(path, reference)).toBeLessThan(2e-5);
    expect(JSON.parse(readFileSync(join(path, 'adapter_config.json'), 'utf8'))).toMatchObject({
      ...{ peft_type: 'LORA', r: [3, 4, 4], lora_alpha: 16 },
      target_modules: ['q_proj', 'v_proj', 'down_proj'],
      ...{ number_experts: [1, 3, 2], top_k: [1, 2, 1] },
    });
    expect(notes).toEqual([
      expect.stringContaining('--number_experts "1,3,2" --top_k "1,2,1"'),
      expect.stringMatching(/scalings of 5 modules .* multiplied into B/),
      expect.stringMatching(/1 module of no expert.*model\.layers\.1\.mlp\.down_proj/),
    ]);
  });
});

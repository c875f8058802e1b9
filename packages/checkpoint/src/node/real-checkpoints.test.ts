/** Checkpoints that other programs wrote, against what is known about them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { WeightTensor } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { openAdapter, openCheckpoint } from './index.js';

const data = fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
const absent = existsSync(data) ? '' : ' (skipped: ../shared/data is absent)';

async function sumOfSquares({ read }: WeightTensor): Promise<number> {
  let sum = 0;
  for (const value of await read()) sum += value * value;
  return sum;
}

describe.skipIf(absent !== '')(`GPT-2${absent}`, () => {
  const path = join(data, 'gpt2-small-attention');

  it('splits c_attn into the q, k and v that numpy measured', async () => {
    const reference: Record<string, { frobenius_sq: number }> = JSON.parse(
      readFileSync(join(path, 'reference_spectra.json'), 'utf8'),
    ).matrices;
    const { tensors, architecture, blocks, close } = await openCheckpoint(path, {
      splitFused: true,
    });
    expect([architecture, blocks]).toEqual(['GPT2LMHeadModel', 12]);
    const letters: Record<string, string> = {
      q_proj: 'q',
      k_proj: 'k',
      v_proj: 'v',
      'attn.c_proj': 'o',
    };
    const projections = tensors.filter(({ kind }) => kind === 'projection');
    expect(projections).toHaveLength(48);
    for (const weight of projections) {
      const { frobenius_sq: expected } = reference[`${weight.block}.${letters[weight.role!]}`]!;
      // Given to seven digits.
      expect(Math.abs((await sumOfSquares(weight)) / expected - 1), weight.name).toBeLessThan(1e-6);
      expect(weight).toMatchObject({ shape: [768, 768], inputFirst: true, dtype: 'F16' });
    }
    await close();
  });

  it('leaves c_attn whole by default, the sum of its parts', async () => {
    const checkpoint = await openCheckpoint(path);
    const split = await openCheckpoint(path, { splitFused: true });
    const whole = checkpoint.tensors.find(({ role }) => role === 'c_attn')!;
    const parts = split.tensors.filter(({ partOf }) => partOf === whole.name);
    expect(whole.shape).toEqual([768, 2304]);
    const sums = await Promise.all(parts.map(sumOfSquares));
    const sum = sums.reduce((a, b) => a + b, 0);
    expect(sum / (await sumOfSquares(whole))).toBeCloseTo(1, 12);
    await checkpoint.close();
    await split.close();
  });
});

describe.skipIf(absent !== '')(`Llama-like models${absent}`, () => {
  it.each([
    // Embedding, final norm, 5 x (7 matrices, 2 norms); the head is tied to the embedding.
    [
      'stories260K',
      47,
      { q_proj: [64, 64], k_proj: [32, 64], gate_proj: [172, 64], down_proj: [64, 172] },
    ],
    ['babyllama-tok361', 47, { q_proj: [128, 128], k_proj: [64, 128], up_proj: [352, 128] }],
  ])('%s', async (name, count, shapes) => {
    const path = join(data, name);
    const folder = await openCheckpoint(path);
    expect(folder).toMatchObject({ architecture: 'LlamaForCausalLM', blocks: 5 });
    expect(folder.tensors).toHaveLength(count);
    const projections = folder.tensors.filter(({ kind }) => kind === 'projection');
    expect(projections).toHaveLength(35);
    for (const [role, shape] of Object.entries(shapes)) {
      const found = projections.filter((weight) => weight.role === role);
      expect(found.map((weight) => weight.block)).toEqual([0, 1, 2, 3, 4]);
      for (const weight of found) expect(weight.shape).toEqual(shape);
    }
    for (const weight of folder.tensors) {
      expect(await sumOfSquares(weight)).toBeGreaterThan(0);
    }
    await folder.close();
    // Without its config, the file tells as much by its names.
    const file = await openCheckpoint(join(path, 'model.safetensors'));
    expect(file.architecture).toBe('LlamaForCausalLM');
    await file.close();
  });

  it('stories260K: the parameters of its description', async () => {
    const { tensors, close } = await openCheckpoint(join(data, 'stories260K'));
    const elements = tensors.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(elements.reduce((a, b) => a + b, 0)).toBe(260_032);
    await close();
  });
});

describe.skipIf(absent !== '')(`a LoRA adapter of GPT-2${absent}`, () => {
  const path = join(data, 'lora-gpt2-tigrinya');
  const base = join(data, 'gpt2-small-attention');

  it('alone is a checkpoint of its updates', async () => {
    const { tensors, blocks, close } = await openCheckpoint(path);
    expect([tensors.length, blocks]).toEqual([36, 12]);
    expect(new Set(tensors.map(({ kind }) => kind))).toEqual(new Set(['projection']));
    const found = tensors.find(({ name }) => name.includes('h.3.attn.c_attn'))!;
    expect([found.shape, found.role, found.block]).toEqual([[768, 2304], 'c_attn', 3]);
    await close();
  });

  it('has the updates that its configuration names, with their scale', async () => {
    const adapter = await openAdapter(path);
    expect(adapter.base).toBe('gpt2');
    expect(adapter.updates).toHaveLength(36);
    for (const { rank, scale, inputFirst } of adapter.updates) {
      expect([rank, scale, inputFirst]).toEqual([8, 32 / 8, true]);
    }
    await adapter.close();
  });

  it.each([false, true])('adds 4 B A to the base (parts apart: %s)', async (splitFused) => {
    const before = await openCheckpoint(base, { splitFused });
    const after = await openCheckpoint(base, { splitFused, adapter: path });
    const adapter = await openAdapter(path);
    // The base lacks the MLP half.
    expect(after.adapter).toMatchObject({ applied: 24 });
    expect(after.adapter!.unmatched).toHaveLength(12);
    const update = adapter.updates.find(({ module }) => module === 'transformer.h.3.attn.c_attn')!;
    const [a, b] = [await update.readA(), await update.readB()];
    const name = splitFused ? 'h.3.attn.c_attn.weight[k]' : 'h.3.attn.c_attn.weight';
    const find = ({ tensors }: typeof before) => tensors.find((weight) => weight.name === name)!;
    const columns = find(before).shape[1]!;
    const [old, changed] = [await find(before).read(), await find(after).read()];
    for (const [input, output] of [
      [0, 0],
      [5, 700],
      [767, 13],
    ] as const) {
      const row = output + (splitFused ? 768 : 0);
      let dot = 0;
      for (let k = 0; k < 8; k++) dot += b[row * 8 + k]! * a[k * 768 + input]!;
      const at = input * columns + output;
      expect(changed[at]! - old[at]!).toBeCloseTo(4 * dot, 6);
      expect(dot).not.toBe(0);
    }
    for (const opened of [before, after, adapter]) await opened.close();
  });
});

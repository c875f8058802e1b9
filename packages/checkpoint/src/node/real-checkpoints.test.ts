/** Checkpoints that other programs wrote, against what is known about them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WeightTensor } from '@alphalora/contracts/weights';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { openAdapter, openCheckpoint } from './index.js';

const data = shared('data');
const lack = sharedLacks('data');

async function sumOfSquares({ read }: WeightTensor): Promise<number> {
  let sum = 0;
  for (const value of await read()) sum += value * value;
  return sum;
}

describeUnless(lack, 'GPT-2', () => {
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

describeUnless(lack, 'Llama-like models', () => {
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

describeUnless(lack, 'a LoRA adapter of GPT-2', () => {
  const path = join(data, 'lora-gpt2-tigrinya');
  const base = join(data, 'gpt2-small-attention');
  const find = (tensors: readonly WeightTensor[], end: string) =>
    tensors.find(({ name }) => name.endsWith(end))!;

  it('is a checkpoint of its 36 updates', async () => {
    const { tensors, blocks, config, close } = await openCheckpoint(path);
    expect([tensors.length, blocks, config!['lora_alpha']]).toEqual([36, 12, 32]);
    const block = tensors.filter((weight) => weight.block === 3);
    expect(block.map(({ role, shape }) => [role, ...shape])).toEqual([
      ['c_attn', 768, 2304],
      ['attn.c_proj', 768, 768],
      ['mlp.c_proj', 3072, 768],
    ]);
    for (const { kind, inputFirst, factors } of tensors) {
      // lora_alpha / r
      expect({ kind, inputFirst, scale: factors!.scale, rank: factors!.rank }).toEqual({
        kind: 'projection',
        inputFirst: true,
        scale: 32 / 8,
        rank: 8,
      });
    }
    await close();
  });

  it('is the same where its file is opened', async () => {
    const { adapterFormat, tensors, blocks, close } = await openCheckpoint(
      join(path, 'adapter_model.safetensors'),
    );
    expect([adapterFormat, tensors.length, blocks]).toEqual(['PEFT', 36, 12]);
    expect(tensors.every(({ kind, factors }) => kind === 'projection' && factors)).toBe(true);
    await close();
  });

  it('reads as base + 4 B A, whole and split', async () => {
    const plain = await openCheckpoint(base);
    const factors = await openAdapter(path);
    const whole = await openCheckpoint(base, { adapter: path });
    const split = await openCheckpoint(base, { adapter: path, splitFused: true });
    // The base holds no MLP.
    expect(whole.adapter).toMatchObject({ source: path, applied: 24, replaced: [] });
    expect(whole.adapter!.unmatched).toEqual(
      expect.arrayContaining(['transformer.h.0.mlp.c_proj', 'transformer.h.11.mlp.c_proj']),
    );
    expect(whole.adapter!.unmatched).toHaveLength(12);
    expect(whole.tensors).toHaveLength(plain.tensors.length);

    for (const [module, width] of [
      ['h.7.attn.c_attn', 2304],
      ['h.0.attn.c_proj', 768],
    ] as const) {
      const update = factors.updates.find((each) => each.module === `transformer.${module}`)!;
      const [a, b] = [await update.readA(), await update.readB()];
      const stored = await find(plain.tensors, `${module}.weight`).read();
      const adapted = find(whole.tensors, `${module}.weight`);
      const values = await adapted.read();
      expect(adapted).toMatchObject({ dtype: 'F32', shape: [768, width], inputFirst: true });
      for (const [input, output] of [
        [0, 0],
        [1, width - 1],
        [500, 333],
        [767, width - 1],
      ] as const) {
        let change = 0;
        for (let k = 0; k < 8; k++) change += b[output * 8 + k]! * a[k * 768 + input]!;
        const at = input * width + output;
        expect(Math.abs(4 * change)).toBeGreaterThan(0);
        expect(values[at]).toBe(Math.fround(stored[at]! + 4 * change));
        expect((await adapted.read(at, at + 1))[0]).toBe(values[at]);
        if (width !== 2304) continue;
        const part = 'qkv'[Math.floor(output / 768)];
        const sliced = await find(split.tensors, `${module}.weight[${part}]`).read();
        expect(sliced[input * 768 + (output % 768)]).toBe(values[at]);
      }
    }
    await Promise.all([plain, factors, whole, split].map(({ close }) => close()));
  });
});

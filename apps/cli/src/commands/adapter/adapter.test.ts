/** `adapter` commands on a small adapter and model: what they say, and how they end. */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { formatDocument } from '@alphalora/documents';
import { projectionAllocation } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it, vi } from 'vitest';
import { alphalora } from '../../test-support/in-process.js';

const root = temporaryFolder('adapter');
const at = (...path: string[]): string => join(root, ...path);
const q = 'model.layers.0.self_attn.q_proj';

/** Tensors of rows. */
function write(file: string, tensors: Record<string, number[][]>): void {
  const pieces = serializeSafetensors({
    tensors: Object.entries(tensors).map(([name, rows]) => ({
      ...{ name, dtype: 'F32' as const, shape: [rows.length, rows[0]!.length] },
      bytes: encodeValues(Float32Array.from(rows.flat()), 'F32'),
    })),
  });
  writeFileSync(file, Buffer.concat(pieces));
}

for (const name of ['base', 'lora', 'own']) mkdirSync(at(name));
write(at('base', 'model.safetensors'), {
  [`${q}.weight`]: [
    [1, 0],
    [0, 1],
  ],
});
writeFileSync(at('base', 'config.json'), '{"model_type":"llama","num_attention_heads":1}');
// 2 * (diag(3, 4)): singular values 8 and 6.
write(at('lora', 'adapter_model.safetensors'), {
  [`base_model.model.${q}.lora_A.weight`]: [
    [1, 0],
    [0, 1],
  ],
  [`base_model.model.${q}.lora_B.weight`]: [
    [3, 0],
    [0, 4],
  ],
});
writeFileSync(
  at('lora', 'adapter_config.json'),
  JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 4, base_model_name_or_path: 'base' }),
);
const wrapped = `base_model.model.${q}`;
write(at('own', 'adapter_model.safetensors'), {
  [`${wrapped}.lora_A_0.weight`]: [[1, 0]],
  [`${wrapped}.lora_B_0.weight`]: [[1], [0]],
  [`${wrapped}.lora_A_1.weight`]: [[0, 1]],
  [`${wrapped}.lora_B_1.weight`]: [[0], [1]],
  [`${wrapped}.router.router.weight`]: [
    [1, 0],
    [0, 1],
  ],
});
const projection = {
  name: q,
  block: 0,
  inputs: 2,
  outputs: 2,
  ranks: [1, 1],
  scalings: [2, 2],
  topK: 1,
};
const molora = { version: 1, projections: [projection], router: { name: 'top-k', options: {} } };
writeFileSync(at('own', 'adapter_config.json'), JSON.stringify({ peft_type: 'MOLORA', molora }));
const allocation = (rank: number) =>
  formatDocument(projectionAllocation('rank', [[`${q}.weight`, 0, rank]]));
writeFileSync(at('rank-2.json'), allocation(2));
writeFileSync(at('rank-3.json'), allocation(3));

async function valuesOf(folder: string): Promise<number[]> {
  const { tensors, close } = await openCheckpoint(folder);
  const values = [...(await tensors[0]!.read())];
  await close();
  return values;
}

describe('adapter', () => {
  it('inspect says ranks, scales and the used rank', async () => {
    const { code, stdout } = await alphalora('adapter', 'inspect', at('lora'), '--json');
    expect(code).toBe(0);
    const { format, base, parameters, updates } = JSON.parse(stdout);
    expect({ format, base, parameters }).toEqual({ format: 'PEFT', base: 'base', parameters: 8 });
    expect(updates).toMatchObject([{ module: q, role: 'q_proj', rank: 2, scale: 2, norm: 10 }]);
    expect(updates[0].usedRank).toBeCloseTo(100 / 64, 12);
    const words = await alphalora('adapter', 'inspect', at('lora'));
    expect(words.stdout).toMatch(
      /^LoRA adapter in the format of PEFT of base: 1 module, 8 parameters, F32\n/,
    );
    expect(words.stdout).toMatch(/q_proj +1 +2 +1\.56 +2 +10/);
    const own = await alphalora('adapter', 'inspect', at('own'));
    expect(own.stdout).toMatch(
      /format of AlphaLoRA: 1 module, 2 experts chosen by the router top-k/,
    );
  });

  it('verify ends with 4 when the ranks are others', async () => {
    const right = await alphalora('adapter', 'verify', at('lora'), at('rank-2.json'));
    expect(right).toMatchObject({ code: 0, stdout: '1 module as allocated\n' });
    const wrong = await alphalora('adapter', 'verify', at('lora'), at('rank-3.json'));
    expect(wrong).toMatchObject({ code: 4, stderr: expect.stringContaining('says in 1 module') });
    expect(wrong.stdout).toMatch(/q_proj +rank 3 +rank 2\n/);
  });

  it('verify of stacked experts says where their ranks are', async () => {
    mkdirSync(at('stacked'));
    cpSync(at('lora', 'adapter_model.safetensors'), at('stacked', 'adapter_model.safetensors'));
    const config = { peft_type: 'LORA', r: 2, target_parameters: ['mlp.experts.gate_up_proj'] };
    writeFileSync(at('stacked', 'adapter_config.json'), JSON.stringify(config));
    expect(await alphalora('adapter', 'verify', at('stacked'), at('rank-2.json'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/stacked experts, .*their ranks are r and rank_pattern/),
    });
  });

  it('merge writes the model, and of a mixture only what is chosen', async () => {
    const merge = (adapter: string, output: string, ...more: string[]) =>
      alphalora('adapter', 'merge', at('base'), at(adapter), '-o', at(output), ...more);
    expect(await merge('lora', 'merged')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^1 weight of 1 changed by 1 update, .* config\.json\n$/),
    });
    expect(await valuesOf(at('merged'))).toEqual([7, 0, 0, 9]);
    expect(await merge('lora', 'merged')).toMatchObject({ code: 2 });
    expect(await merge('own', 'none')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('adapter merge --expert'),
    });
    const mean = await merge('own', 'mean', '--expert', 'mean');
    expect(mean.stderr).toMatch(/note: .* answers otherwise than the mixture/);
    expect(await valuesOf(at('mean'))).toEqual([2, 0, 0, 2]);
    expect(await merge('own', 'first', '--expert', '0')).toMatchObject({ code: 0 });
    expect(await valuesOf(at('first'))).toEqual([3, 0, 0, 1]);
    expect(await merge('own', 'x', '--expert', 'best')).toMatchObject({ code: 2 });
    const refused = await alphalora('adapter', 'merge', at('base'), 'hf://a/b', '-o', at('x'));
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('download it') });
  });

  it('takes the base from the hub, here from its cache', async () => {
    const repository = at('cache', 'models--org--base');
    const commit = 'a'.repeat(40);
    mkdirSync(join(repository, 'refs'), { recursive: true });
    writeFileSync(join(repository, 'refs', 'main'), commit);
    cpSync(at('base'), join(repository, 'snapshots', commit), { recursive: true });
    vi.stubEnv('HF_HUB_CACHE', at('cache'));
    vi.stubEnv('HF_HUB_OFFLINE', '1');
    const hub = 'hf://org/base';
    const merged = await alphalora('adapter', 'merge', hub, at('lora'), '-o', at('hub-merged'));
    expect(merged).toMatchObject({ code: 0 });
    expect(await valuesOf(at('hub-merged'))).toEqual([7, 0, 0, 9]);
    const convert = ['convert', at('lora'), '--to', 'gguf', '-o', at('hub.gguf'), '--base'];
    expect(await alphalora('adapter', ...convert, hub)).toMatchObject({ code: 0 });
    const other = await alphalora('adapter', 'merge', 'hf://org/x', at('lora'), '-o', at('x'));
    expect(other).toMatchObject({ code: 2, stderr: expect.stringMatching(/in the cache/) });
    vi.unstubAllEnvs();
  });

  it('compress keeps the largest singular values', async () => {
    const compress = (output: string, ...more: string[]) =>
      alphalora('adapter', 'compress', at('lora'), '-o', at(output), ...more);
    const done = await compress('small', '--energy', '0.6', '--json');
    expect(done.code, done.stderr).toBe(0);
    const found = JSON.parse(done.stdout);
    expect(found).toMatchObject({ parametersBefore: 8, parameters: 4 });
    expect(found.threshold).toBeCloseTo(8, 12);
    expect(found.energy).toBeCloseTo(0.64, 12);
    expect(JSON.parse(readFileSync(at('small', 'adapter_config.json'), 'utf8'))).toMatchObject({
      ...{ peft_type: 'LORA', r: 1, lora_alpha: 1, target_modules: [q] },
    });
    await alphalora('adapter', 'merge', at('base'), at('small'), '-o', at('small-merged'));
    const values = await valuesOf(at('small-merged'));
    for (const [i, value] of [1, 0, 0, 9].entries()) expect(values[i]).toBeCloseTo(value, 5);
    const kohya = at('kohya.safetensors');
    write(kohya, {
      'lora_unet_mid_block_attentions_0_proj_in.lora_down.weight': [[1, 0]],
      'lora_unet_mid_block_attentions_0_proj_in.lora_up.weight': [[1], [0]],
    });
    expect(
      await alphalora('adapter', 'compress', kohya, '--rank', '1', '-o', at('y')),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/format of kohya.*alphalora adapter convert .* --base/),
    });
    expect(await compress('y')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('one of'),
    });
    expect(await compress('y', '--energy', '2')).toMatchObject({ code: 2 });
    expect(await compress('y', '--rank', '0.5')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('nothing of the adapter fits'),
    });
  });

  it('convert writes other formats, and reads them', async () => {
    const convert = (from: string, to: string, output: string, ...more: string[]) =>
      alphalora('adapter', 'convert', at(from), '--to', to, '-o', at(output), ...more);
    const base = ['--base', at('base')];
    const done = await convert('lora', 'gguf', 'lora.gguf', ...base, '--json');
    expect(done.code, done.stderr).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({
      ...{ from: 'PEFT', to: 'gguf', updates: 1, saved: 0, notes: [], base: at('base') },
    });
    expect(await convert('lora', 'gguf', 'lora.gguf', ...base)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exists already'),
    });
    expect(await convert('lora.gguf', 'alphalora', 'single')).toMatchObject({
      code: 0,
      stdout: '1 module, from the format of GGUF\n',
    });
    expect(readdirSync(at('single')).sort()).toEqual([
      ...['adapter_config.json', 'adapter_model.safetensors'],
    ]);
    expect(JSON.parse(readFileSync(at('single', 'adapter_config.json'), 'utf8'))).toMatchObject({
      ...{ r: 2, lora_alpha: 4, base_model_name_or_path: 'base' },
      molora: { projections: [{ name: q, block: 0, role: 'q_proj', ranks: [2], scalings: [2] }] },
    });
    const single = await alphalora('adapter', 'inspect', at('single'));
    expect(single.stdout).toMatch(
      /AlphaLoRA of base: 1 module with one expert each, without a router/,
    );
    for (const [adapter, command] of [
      ['lora.gguf', 'inspect'],
      ['single', 'inspect'],
    ] as const) {
      const { stdout } = await alphalora('adapter', command, at(adapter), '--json');
      expect(JSON.parse(stdout).updates).toMatchObject([{ module: q, rank: 2, norm: 10 }]);
    }
    await alphalora('adapter', 'merge', at('base'), at('lora.gguf'), '-o', at('gguf-merged'));
    expect(await valuesOf(at('gguf-merged'))).toEqual([7, 0, 0, 9]);
    const onGguf = ['merge', at('lora.gguf'), at('lora'), '-o', at('never')];
    expect(await alphalora('adapter', ...onGguf)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a GGUF file cannot be merged into'),
    });
    const verified = await alphalora('adapter', 'verify', at('lora.gguf'), at('rank-2.json'));
    expect(verified).toMatchObject({ code: 0, stdout: '1 module as allocated\n' });
    const compress = ['compress', at('lora.gguf'), '--rank', '1', '-o', at('gguf-small')];
    expect(await alphalora('adapter', ...compress)).toMatchObject({ code: 0 });
  });

  it('convert writes experts as the released code of MoLA has them, and reads them again', async () => {
    const convert = async (from: string, to: string, output: string, ...more: string[]) => {
      const command = ['convert', at(from), '--to', to, '-o', at(output), ...more];
      const { code, stdout, stderr } = await alphalora('adapter', ...command);
      return { code, stdout, stderr };
    };
    expect(await convert('own', 'mola', 'mola', '--base', at('base'))).toEqual({
      ...{ code: 0, stdout: '1 module, 2 experts, from the format of AlphaLoRA\n' },
      stderr: expect.stringMatching(
        /^note: .* --number_experts "2" --top_k "1" --lora_target_modules "q_proj"\nwrote .*\n$/,
      ),
    });
    const config = JSON.parse(readFileSync(at('mola', 'adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ peft_type: 'LORA', r: [1], target_modules: ['q_proj'] });
    const inspected = await alphalora('adapter', 'inspect', at('mola'));
    expect(inspected.stdout).toMatch(/format of MoLA.*2 experts chosen by the router top-k/);
    // As the released code saves it, without what is said here beside it.
    const { top_k: _, number_experts: __, ...plain } = config;
    writeFileSync(at('mola', 'adapter_config.json'), JSON.stringify(plain));
    expect(await convert('mola', 'alphalora', 'ruled')).toMatchObject({
      ...{ code: 0, stderr: expect.stringMatching(/^note: how many experts the router selects/) },
    });
    expect(await convert('mola', 'alphalora', 'said', '--top-k', '1')).toMatchObject({
      ...{ code: 0, stderr: `wrote ${at('said')}\n` },
    });
    for (const [name, topK] of [
      ['ruled', 2],
      ['said', 1],
    ] as const) {
      const { molora } = JSON.parse(readFileSync(at(name, 'adapter_config.json'), 'utf8'));
      expect(molora.projections).toMatchObject([{ name: q, ranks: [1, 1], topK }]);
      const { stdout } = await alphalora('adapter', 'inspect', at(name), '--json');
      expect(JSON.parse(stdout).updates).toMatchObject([{ norm: 2 }, { norm: 2 }]);
    }
    expect(await convert('mola', 'alphalora', 'none', '--top-k', 'all')).toMatchObject({ code: 2 });
    expect(await convert('lora', 'alphalora', 'none', '--top-k', '2')).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining('leave top-k out') },
    });
  });

  it('convert says what is missing, and what a mixture is', async () => {
    const convert = (from: string, ...more: string[]) =>
      alphalora('adapter', 'convert', at(from), '-o', at('none'), '--to', ...more);
    expect(await convert('lora', 'gguf')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/orders rows by its heads, .*\(--base\), "base" by its name/),
    });
    expect(await convert('lora', 'onnx')).toMatchObject({ code: 2 });
    for (const command of [
      ['convert', at('own'), '--to', 'peft', '-o', at('none')],
      ['compress', at('own'), '--rank', '1', '-o', at('none')],
    ]) {
      expect(await alphalora('adapter', ...command)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /of rank 1\), which the router "top-k" weighs .*; convert and compress make an adapter of it in the same way/,
        ),
      });
    }
    const { code, stderr } = await convert('own', 'peft', '--expert', '1');
    expect({ code, stderr }).toMatchObject({
      ...{ code: 0, stderr: expect.stringMatching(/note: .* answers otherwise than the mixture/) },
    });
    const written = await alphalora('adapter', 'inspect', at('none'), '--json');
    expect(JSON.parse(written.stdout).updates).toMatchObject([{ rank: 1, scale: 2, norm: 2 }]);
    const small = ['compress', at('own'), '--rank', '1', '--expert', 'mean', '-o', at('mean-1')];
    expect(await alphalora('adapter', ...small)).toMatchObject({ code: 0 });
  });

  it.each(['inspect', 'analyze'])('%s says what a mixture of experts is', async (command) => {
    for (const path of [at('own'), at('own', 'adapter_model.safetensors')]) {
      const { code, stderr } = await alphalora(command, path);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /an adapter in the format of AlphaLoRA with several LoRA experts \(up to 2, on 1 of 1/,
      );
    }
  });
});

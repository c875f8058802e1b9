/** Adapters on disk. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { adapterFiles } from '../adapters/write.js';
import { projection, stateOf } from '../test-support/adapters.js';
import { loadAdapter } from './load-adapter.js';

const folder = temporaryFolder('adapter');

describe('loadAdapter', () => {
  it('reads what was written', async () => {
    const state = stateOf([projection({ ranks: [1, 4] })]);
    const { weights, config } = adapterFiles(state, { base: 'org/model' });
    await writeFile(join(folder, 'adapter_model.safetensors'), weights);
    await writeFile(join(folder, 'adapter_config.json'), config);
    expect(await loadAdapter(folder)).toEqual({ state, base: 'org/model' });
  });

  it('reads adapters of other programs, by their folder or their file', async () => {
    const path = join(folder, 'mlx');
    const file = join(path, 'adapters.safetensors');
    const name = 'model.layers.0.self_attn.q_proj';
    const tensor = (kind: string, shape: number[], values: number[]) => ({
      name: `${name}.${kind}`,
      dtype: 'F32' as const,
      shape,
      bytes: encodeValues(Float32Array.from(values), 'F32'),
    });
    await mkdir(path);
    const tensors = [tensor('lora_a', [3, 1], [1, 2, 3]), tensor('lora_b', [1, 2], [4, 5])];
    await writeFile(file, serializeSafetensors({ tensors }));
    const parameters = { lora_parameters: { rank: 1, scale: 20, dropout: 0 } };
    await writeFile(join(path, 'adapter_config.json'), JSON.stringify(parameters));
    for (const each of [path, file]) {
      const { state } = await loadAdapter(each);
      expect(state.spec.projections).toMatchObject([
        { name, ranks: [1], scalings: [20], block: 0 },
      ]);
      expect(state.tensors).toEqual({
        [`${name}.lora_A`]: { shape: [3, 1], values: Float32Array.of(1, 2, 3) },
        [`${name}.lora_B`]: { shape: [1, 2], values: Float32Array.of(4, 5) },
      });
    }
  });

  it('says what is there instead', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    await expect(loadAdapter(other)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('(but: nothing)'),
    });
    await writeFile(join(other, 'adapter_config.json'), '{}');
    await expect(loadAdapter(other)).rejects.toThrow(
      'it has no adapter_model.safetensors (but: adapter_config.json)',
    );
    await expect(loadAdapter(join(folder, 'none'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('is no folder'),
    });
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(loadAdapter(folder, { signal })).rejects.toThrow('enough');
  });
});

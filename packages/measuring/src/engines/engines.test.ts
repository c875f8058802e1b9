/** Engines of others: measured by, and held to the memory that they say they take. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { temporaryFolder } from '@alphalora/testing/folders';
import { beforeAll, describe, expect, it } from 'vitest';
import { analyzeModel } from '../analyze-model.js';
import { engines } from './index.js';

const root = temporaryFolder('engines');
let model: string;
beforeAll(async () => {
  model = join(root, 'model.safetensors');
  const tensor = {
    name: 'model.layers.0.self_attn.q_proj.weight',
    dtype: 'F32',
    shape: [20, 30],
    bytes: encodeValues(new Float32Array(600).fill(1), 'F32'),
  } as const;
  writeFileSync(model, Buffer.concat(serializeSafetensors({ tensors: [tensor] })));
});

describe('a further engine', () => {
  const builds: string[] = [];
  beforeAll(() => {
    engines.add('counting', () => ({
      async load(build) {
        builds.push(build);
        return {
          name: 'counting',
          singularValues: async ({ rows, columns }) =>
            Float64Array.from({ length: Math.min(rows, columns) }, (_, i) => 20 - i),
        };
      },
      memory: ({ rows, columns }) => 1e6 * rows * columns,
    }));
  });

  it('computes the spectra of whoever asks for it by name', async () => {
    const options = { engine: 'counting', build: 'own', bootstrap: 0, metrics: ['norm'] };
    const { matrices, options: record } = await analyzeModel(model, { ...options, maxMemory: 1e9 });
    // 1 + 4 + ... + 400.
    expect(matrices).toMatchObject([{ status: 'ok', metrics: { norm: 2870 } }]);
    expect(record.engine).toBe('counting');
    expect(new Set(builds)).toEqual(new Set(['own']));
  });

  it('says how much memory a matrix takes', async () => {
    const options = { engine: 'counting', maxMemory: 599e6 };
    const { matrices } = await analyzeModel(model, options);
    expect(matrices).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('needs about 600 MB') },
    ]);
  });

  it('is named among the others for a name that none has', async () => {
    await expect(analyzeModel(model, { engine: 'count' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message:
        'unknown engine "count": did you mean counting? choose one of native, wasm, ml-matrix, counting',
    });
  });
});

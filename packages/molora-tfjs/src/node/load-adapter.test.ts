/** Adapters on disk. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

  it('says what is there instead', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    await expect(loadAdapter(other)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('(but: nothing)'),
    });
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

import { mkdirSync } from 'node:fs';
import { AlphaLoraError } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adviseOnHub, downloadFirst } from './hub-name.js';
import { openCheckpoint } from './open.js';

const root = temporaryFolder('hub-name');
const before = process.cwd();
beforeAll(() => {
  mkdirSync(`${root}/models`);
  process.chdir(root);
});
afterAll(() => process.chdir(before));

const messageOf = (path: string): Promise<string> =>
  adviseOnHub(
    path,
    (name) => `give hf://${name}`,
    () => openCheckpoint(path),
  ).then(
    () => 'opened',
    (error: Error) => error.message,
  );

describe('what is not there', () => {
  it.each([
    ['Qwen/Qwen2.5-0.5B', 'Qwen/Qwen2.5-0.5B does not exist here; give hf://Qwen/Qwen2.5-0.5B'],
    ['hf://org/name@main/unet', 'hf://org/name@main/unet does not exist here; give hf://org/name'],
    // Paths, which are misspelled.
    ['./org/name', './org/name does not exist'],
    ['/org/name', '/org/name does not exist'],
    ['org/name/sub', 'org/name/sub does not exist'],
    ['name', 'name does not exist'],
    ['org/model.safetensors', 'org/model.safetensors does not exist'],
    ['org/model.json', 'org/model.json does not exist'],
    ['models/llama', 'models/llama does not exist'],
  ])('%s', async (path, message) => {
    expect(await messageOf(path)).toBe(message);
  });

  it('is told only where it was asked for', async () => {
    const error = new AlphaLoraError('NOT_FOUND', 'x', { details: { file: 'other/file' } });
    await expect(adviseOnHub('a/b', downloadFirst, () => Promise.reject(error))).rejects.toBe(
      error,
    );
  });
});

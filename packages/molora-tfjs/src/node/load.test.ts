import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@alphalora/testing/folders';
import { expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { loadLanguageModel } from './load.js';

const demo = fileURLToPath(new URL('../../../../examples/demo-model', import.meta.url));
const folder = temporaryFolder('load');

it('tells what there is to say of the files of a model', async () => {
  await useBackend('cpu');
  await cp(demo, folder, { recursive: true });
  const config = join(folder, 'config.json');
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace('{', '{"num_hidden_layers": 1,'));
  const notes: string[] = [];
  const { decoder } = await loadLanguageModel(folder, { onNote: (note) => notes.push(note) });
  // The last counts.
  expect(decoder.config.blocks).toBe(8);
  decoder.dispose();
  expect(notes).toEqual([
    'config.json: the name "num_hidden_layers" appears twice; the last one counts, as in Python',
  ]);
});

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
  expect(decoder.config.blocks).toHaveLength(8);
  decoder.dispose();
  expect(notes).toEqual([
    'config.json: the name "num_hidden_layers" appears twice; the last one counts, as in Python',
  ]);
});

it('ends texts with every token that one of the files names, and tells when none does', async () => {
  await useBackend('cpu');
  const own = join(folder, 'ends');
  await cp(demo, own, { recursive: true });
  const rewrite = async (name: string, change: object): Promise<void> => {
    const file = join(own, name);
    const json = JSON.parse(await readFile(file, 'utf8').catch(() => '{}'));
    await writeFile(file, JSON.stringify({ ...json, ...change }));
  };
  const ends = async (): Promise<[readonly number[], string[]]> => {
    const notes: string[] = [];
    const { decoder } = await loadLanguageModel(own, { onNote: (note) => notes.push(note) });
    decoder.dispose();
    return [decoder.config.endTokens, notes];
  };
  const { tokenizer, decoder } = await loadLanguageModel(own);
  decoder.dispose();
  const ofTokenizer = tokenizer.endToken!;
  await rewrite('config.json', { eos_token_id: 7 });
  await rewrite('generation_config.json', { eos_token_id: [9, 7] });
  expect(await ends()).toEqual([[9, 7, ofTokenizer], []]);
  await rewrite('generation_config.json', { eos_token_id: null });
  await rewrite('config.json', { eos_token_id: null });
  expect(await ends()).toEqual([[ofTokenizer], []]);
  await rewrite('tokenizer_config.json', { eos_token: null });
  expect(await ends()).toEqual([[], [expect.stringMatching(/names no token that ends a text/)]]);
});

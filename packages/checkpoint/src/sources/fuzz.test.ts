/** Whatever a folder holds beside weights: a right answer or a tagged error that names the folder. */
import { isAlphaLoraError } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileOf, matrix } from '../test-support/adapters.js';
import { numpyFiles } from '../test-support/reference-files.js';
import { type Folder, openFolder, openInFolder } from './folder.js';
import { memorySource } from './memory.js';

const runs = Number(process.env['FUZZ_RUNS'] ?? 1000);
const options = { seed: 1, numRuns: runs };

const q = 'model.layers.0.self_attn.q_proj.weight';
const weights = fileOf([matrix(q, [[1, 2]]), matrix('norm.weight', [[1, 2]])]);

function folderOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const closed = { opened: 0, closed: 0 };
  const folder: Folder = {
    name: 'the-folder',
    names: Object.keys(files),
    async open(name) {
      const content = Object.hasOwn(files, name) ? files[name]! : undefined;
      if (content === undefined) throw new Error(`asked for ${name}, which is not there`);
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      closed.opened++;
      const close = async () => void closed.closed++;
      return { ...memorySource(bytes, `the-folder/${name}`), close };
    },
  };
  return { folder, closed };
}

/** @returns whether it was opened; refused as it should be otherwise, with all files closed */
async function survives(
  files: Readonly<Record<string, string | Uint8Array>>,
  file?: string,
): Promise<boolean> {
  const { folder, closed } = folderOf(files);
  try {
    const opened = await (file === undefined
      ? openFolder(folder)
      : openInFolder(folder, file, { name: 'it' }));
    for (const note of opened.notes) expect(note).not.toMatch(/the-folder|[\n\r]/);
    await opened.close();
    return true;
  } catch (error) {
    // What an index names may not be there: that is the folder's own error.
    if (error instanceof Error && /^asked for/.test(error.message)) return false;
    if (!isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT', 'NOT_FOUND'))
      throw error;
    expect(error.message).toMatch(/^the-folder/);
    return false;
  } finally {
    expect(closed.closed).toBe(closed.opened);
  }
}

describe('folders', () => {
  it('of any names are opened or refused', async () => {
    const part = fc.constantFrom(
      ...['model', 'consolidated', '00', '01', '-00001-of-00002', '-00002-of-00002', 'fp16', 'x'],
      ...['safetensors', 'bin', 'pth', 'gguf', 'npy', 'index', 'json', 'config', 'params'],
    );
    const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
    const index = JSON.stringify({ weight_map: { [q]: 'model.safetensors' } });
    let opened = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(name, { maxLength: 6 }), fc.nat(), async (names, at) => {
        const files = Object.fromEntries(
          names.map((each) => [each, each.endsWith('.json') ? index : weights]),
        );
        if (await survives(files)) opened++;
        await survives(files, names[at % names.length] ?? 'none');
      }),
      options,
    );
    expect(opened).toBeGreaterThan(runs / 20);
  });

  /** Values of all kinds, and those that are nearly right. */
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      q,
      'a.safetensors',
      'b.npy',
      '../b.npy',
      1,
      -1,
      0,
      1e300,
      null,
      {},
      [],
    ),
    fc.jsonValue(),
  );
  const object = fc.dictionary(
    fc.constantFrom(q, 'norm.weight', 'weight_map', 'layers', 'key', 'weightfile', 'model', 'dim'),
    value,
  );

  it.each<[string, string, Readonly<Record<string, Uint8Array>>, object]>([
    [
      'an index',
      'x.safetensors.index.json',
      { 'a.safetensors': weights },
      { weight_map: { [q]: 'a.safetensors', 'norm.weight': 'a.safetensors' } },
    ],
    [
      'an index of another name',
      'map.json',
      { 'a.safetensors': weights, 'b.safetensors': weights },
      { weight_map: { [q]: 'a.safetensors', 'norm.weight': 'a.safetensors' } },
    ],
    [
      'params.json',
      'params.json',
      { 'consolidated.safetensors': weights },
      { dim: 2, n_layers: 1, n_heads: 1, moe: { num_experts: 2 } },
    ],
    [
      'ww_config.json',
      'ww_config.json',
      { 'b.npy': numpyFiles.get('npy of version 1')!.bytes },
      { layers: { 0: { key: q, weightfile: 'b.npy', biasfile: null } } },
    ],
  ])('are opened or refused whatever is in %s', async (_, name, files, sound) => {
    expect(await survives({ ...files, [name]: JSON.stringify(sound) })).toBe(true);
    const change = fc.record({
      path: fc.array(fc.nat(4), { maxLength: 3 }),
      value: fc.oneof(value, object),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ path, value: other }) => {
        await survives({ ...files, [name]: JSON.stringify(changed(sound, path, other)) });
      }),
      options,
    );
  });
});

/** A copy with another value at a place: the steps count keys. */
function changed(of: unknown, [step, ...path]: readonly number[], value: unknown): unknown {
  if (step === undefined || typeof of !== 'object' || of === null) return value;
  const keys = Object.keys(of);
  const key = keys[step % (keys.length || 1)] ?? 'weight_map';
  return { ...of, [key]: changed((of as Record<string, unknown>)[key], path, value) };
}

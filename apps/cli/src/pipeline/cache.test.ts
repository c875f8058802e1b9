import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cacheKey, readCached, writeCached } from './cache.js';

const root = mkdtempSync(join(tmpdir(), 'alphalora-cache-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const spectrum = { singularValues: Float64Array.of(3, 2.5, 1e-300), precision: 'f32' as const };
const facts = { digest: 'd', engine: 'wasm', precision: 'auto', version: '1' };

function entries(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

describe('the cache of spectra', () => {
  it('gives back what was put in, bit for bit', async () => {
    await writeCached(root, cacheKey(facts), spectrum);
    expect(await readCached(root, cacheKey(facts))).toEqual(spectrum);
  });

  it('keeps apart what differs in content, engine, arithmetic or version', () => {
    const changes = [{}, { digest: 'e' }, { engine: 'x' }, { precision: 'f64' }, { version: '2' }];
    const keys = changes.map((change) => cacheKey({ ...facts, ...change }));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('takes any damage for absence', async () => {
    const folder = join(root, 'damaged');
    const key = cacheKey(facts);
    await writeCached(folder, key, spectrum);
    const [file] = entries(folder) as [string];
    const sound = readFileSync(file);
    for (let at = 0; at < sound.length; at++) {
      const damaged = Uint8Array.from(sound);
      damaged[at]! ^= 1;
      writeFileSync(file, damaged);
      // A flip inside the header's spelling of the precision is refused, never misread.
      expect(await readCached(folder, key), `byte ${at}`).toBeUndefined();
      writeFileSync(file, sound.subarray(0, at));
      expect(await readCached(folder, key), `cut at ${at}`).toBeUndefined();
    }
    writeFileSync(file, sound);
    expect(await readCached(folder, key)).toEqual(spectrum);
  });

  it('leaves no temporary files', () => {
    expect(entries(root).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { itUnless, posixLacks } from '@alphalora/testing/lacking';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cacheKey, readCached, writeCached } from './cache.js';
import { readSealed, writeSealed } from './sealed.js';

const root = temporaryFolder('cache');

const singularValues = Float64Array.of(3, 2.5, 1e-300);
const spectrum = { singularValues, precision: 'f32' as const, resolved: 0.125 };
const facts = { digest: 'd', engine: 'wasm', precision: 'auto', version: '1' };
const key = cacheKey(facts);
const { length: count } = spectrum.singularValues;

function entries(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

describe('the cache of spectra', () => {
  it('gives back what was put in, bit for bit', async () => {
    const folder = join(root, 'all');
    const values = fc.float64Array({ maxLength: 40 });
    const precision = fc.constantFrom('f32' as const, 'f64' as const);
    await fc.assert(
      fc.asyncProperty(values, precision, fc.double(), async (singularValues, arithmetic, from) => {
        // A view into a larger buffer, as engines may return.
        const shifted = new Float64Array(singularValues.length + 1).subarray(1);
        shifted.set(singularValues);
        const rest = { precision: arithmetic, resolved: from };
        await writeCached(folder, key, { singularValues: shifted, ...rest });
        const found = await readCached(folder, key, singularValues.length);
        expect(found).toEqual({ singularValues, ...rest });
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('keeps apart what differs in content, engine, arithmetic or version', () => {
    const changes = [{}, { digest: 'e' }, { engine: 'x' }, { precision: 'f64' }, { version: '2' }];
    const keys = changes.map((change) => cacheKey({ ...facts, ...change }));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('takes any damage for absence', async () => {
    const folder = join(root, 'damaged');
    await writeCached(folder, key, spectrum);
    const [file] = entries(folder) as [string];
    const sound = readFileSync(file);
    for (let at = 0; at < sound.length; at++) {
      const damaged = Uint8Array.from(sound);
      damaged[at]! ^= 1;
      writeFileSync(file, damaged);
      expect(await readCached(folder, key, count), `byte ${at}`).toBeUndefined();
      writeFileSync(file, sound.subarray(0, at));
      expect(await readCached(folder, key, count), `cut at ${at}`).toBeUndefined();
    }
    for (const more of [1, 8, sound.length]) {
      writeFileSync(file, Buffer.concat([sound, sound.subarray(-more)]));
      expect(await readCached(folder, key, count), `${more} bytes longer`).toBeUndefined();
    }
    writeFileSync(file, sound);
    expect(await readCached(folder, key, count)).toEqual(spectrum);
  });

  it('takes an entry of another name, another count or an older format for absence', async () => {
    const [folder, other] = [join(root, 'here'), join(root, 'there')];
    await writeCached(folder, key, spectrum);
    await writeCached(other, cacheKey({ ...facts, digest: 'e' }), spectrum);
    const [[file], [foreign]] = [entries(folder), entries(other)] as [[string], [string]];
    for (const wrong of [0, count - 1, count + 1]) {
      expect(await readCached(folder, key, wrong)).toBeUndefined();
    }
    const sound = readFileSync(file);
    copyFileSync(foreign, file);
    expect(await readCached(folder, key, count)).toBeUndefined();
    // Sealed as it should be, for this key, but in the words of another format.
    await writeSealed(file, `spectrum-1 ${key} ${count}`, new Uint8Array(1 + 8 * count));
    expect(await readCached(folder, key, count)).toBeUndefined();
    await writeSealed(file, `spectrum-2 ${key} ${count + 1}`, new Uint8Array(1 + 8 * count));
    expect(await readCached(folder, key, count)).toBeUndefined();
    writeFileSync(file, sound);
    expect(await readCached(folder, key, count)).toEqual(spectrum);
  });

  itUnless(posixLacks, 'takes the place of a pipe', async () => {
    const folder = join(root, 'places');
    await writeCached(folder, key, spectrum);
    const [file] = entries(folder) as [string];
    rmSync(file);
    execFileSync('mkfifo', [file]);
    expect(await readCached(folder, key, count)).toBeUndefined();
    await writeCached(folder, key, spectrum);
    expect(await readCached(folder, key, count)).toEqual(spectrum);
  });

  it('does not read what is no file', async () => {
    expect(await readSealed(root, 'header', 4)).toBeUndefined();
  });

  it('leaves no temporary files', () => {
    expect(entries(root).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

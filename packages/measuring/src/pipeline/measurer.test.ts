/** Measuring files that change under it: the numbers are of one version of the matrix, or there are none. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { serializeSafetensors } from '@alphalora/checkpoint';
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { defaultMetrics, resolveMetrics } from '@alphalora/htsr-core';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { createMeasurer, type MeasurerSettings, measurableUnits } from './measurer.js';

const root = temporaryFolder('measurer');

const name = 'model.layers.0.self_attn.q_proj.weight';
const [rows, columns] = [60, 16];

/** @param scale so large that squares leave the range of the engine, which then reads again */
function fileOf(scale: number, last: number): Uint8Array {
  const values = Float64Array.from({ length: rows * columns }, (_, i) =>
    i === rows * columns - 1 ? last * scale : Math.sin(0.37 * (i + 1) ** 1.5) * scale,
  );
  const bytes = new Uint8Array(values.buffer);
  const tensor = { name, shape: [rows, columns], dtype: 'F64', bytes } as const;
  return Buffer.concat(serializeSafetensors({ tensors: [tensor] }));
}

/** A signal that nobody aborts, and which tells when somebody looks at it: before and after readings. */
function watched(onLook: () => void): AbortSignal {
  const { signal } = new AbortController();
  signal.throwIfAborted = onLook;
  return signal;
}

describe('a file that is written to while it is measured', () => {
  it.each<[string, number, Partial<MeasurerSettings>]>([
    ['read once for the cache and once by the engine', 1, {}],
    ['read again and again by the engine', 1e60, {}],
    ['without a cache', 1e60, { cacheFolder: undefined as never }],
    ['read once more for a metric', 1, { metrics: resolveMetrics(['randomised']) }],
    ['read in windows', 1, { farms: { rows: 8, ratio: 1, windows: 2 } }],
  ])('gives the numbers of one version or none: %s', async (title, scale, more) => {
    const path = join(root, `${title}.safetensors`);
    const cacheFolder = join(root, title);
    const [old, other] = [fileOf(scale, 0.25), fileOf(scale, 0.75)];
    writeFileSync(path, old);
    const { tensors, close } = await openCheckpoint(path);
    const unit = measurableUnits(tensors)[0]!;
    const measurer = await createMeasurer({
      access: {},
      engine: 'wasm',
      build: 'auto',
      precision: 'auto',
      estimator: 'fix-finger',
      metrics: defaultMetrics(),
      bootstrap: 0,
      seed: 0,
      memoryShare: 1e9,
      version: '1',
      cacheFolder,
      ...more,
    });
    const numbers = async (onLook: () => void = () => undefined) => {
      const { measurement, digest } = await measurer.measure(unit, { signal: watched(onLook) });
      return { measurement, digest };
    };
    const forget = (): void => rmSync(cacheFolder, { recursive: true, force: true });

    let looks = 0;
    const right = [await numbers(() => void looks++)];
    forget();
    writeFileSync(path, other);
    right.push(await numbers());
    expect(right[0]).not.toEqual(right[1]);
    expect(looks).toBeGreaterThan(5);

    const seen = { refused: 0, old: 0, other: 0 };
    for (let moment = 1; moment <= looks; moment += Math.ceil(looks / 30)) {
      forget();
      writeFileSync(path, old);
      let look = 0;
      const outcome = await numbers(() => {
        if (++look === moment) writeFileSync(path, other);
      }).catch((error) => error);
      if (outcome instanceof Error) {
        seen.refused++;
        expect(outcome).toMatchObject({
          code: 'IO_FAILED',
          message: expect.stringMatching(/q_proj\.weight: it was changed while it was read; start/),
        });
      } else {
        seen[outcome.digest === right[0]!.digest ? 'old' : 'other']++;
        expect(right).toContainEqual(outcome);
      }
      // What is kept by then is right as well.
      expect(await numbers()).toEqual(right[1]);
    }
    expect(seen.other).toBeGreaterThan(0);
    if (looks > 8) expect(seen.refused).toBeGreaterThan(0);
    await measurer.close();
    await close();
  });
});

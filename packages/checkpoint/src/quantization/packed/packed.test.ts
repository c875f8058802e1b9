/** Packed weights, as the programs of their formats dequantize them: `packed-weights.py` wrote them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { plainWeight, weightReader } from '../../index.js';
import { type FileReference, fileSourceAgain } from '../../node/file-source.js';
import { openCheckpoint } from '../../node/open.js';
import { fileOf } from '../../test-support/adapters.js';
import {
  expectDequantized,
  type PackedCase,
  tensorsOf,
} from '../../test-support/packed-weights.js';

const file = new URL('../../test-support/packed-weights.json', import.meta.url);
const cases: PackedCase[] = JSON.parse(readFileSync(file, 'utf8'));
const root = temporaryFolder('packed');

describe('packed weights are what their program makes of them', () => {
  it.each(cases)('$name', expectDequantized);
});

it('another thread makes the same of them, from plain data', async () => {
  for (const [i, packed] of cases.entries()) {
    const folder = join(root, `${i}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), JSON.stringify(packed.config));
    writeFileSync(join(folder, 'model.safetensors'), fileOf(tensorsOf(packed)));
    const checkpoint = await openCheckpoint(folder);
    const weight = checkpoint.tensors.find(({ name }) => name === packed.weight)!;
    const reader = weightReader({ open: (source) => fileSourceAgain(source as FileReference) });
    const again = await reader.weight(structuredClone(plainWeight(weight)!));
    const { read: _, ...description } = weight;
    expect(again).toMatchObject(description);
    expect(await again.read()).toEqual(await weight.read());
    await Promise.all([reader.close(), checkpoint.close()]);
  }
});

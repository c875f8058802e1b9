/** Tails of known exponents are found again, from the file to the alpha. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '@alphalora/testing/folders';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Matrix } from '../packages/contracts/src/entry-weights.js';
import { createReferenceEngine, fixFinger } from '../packages/htsr-core/src/index.js';
import { root } from './lib/workspace.js';

const written = temporaryFolder('planted');
beforeAll(async () => {
  const program = join(root, 'tests/lib/planted-model.mjs');
  await promisify(execFile)(process.execPath, [program, written]);
});

describe('planted tails', () => {
  it('are found by fix-finger within 5 % a matrix, 2 % a block', async () => {
    const { tensors, metadata } = await readSafetensors(join(written, 'model.safetensors'));
    const planted: number[] = JSON.parse(metadata['planted_alpha']!);
    const byRole: Record<string, number[]> = JSON.parse(metadata['planted_alpha_by_role']!);
    const engine = createReferenceEngine();
    for (const [block, plantedMean] of planted.entries()) {
      let sum = 0;
      for (const [role, alphas] of Object.entries(byRole)) {
        const tensor = tensors.find(
          ({ name }) => name.includes(`.${block}.`) && name.includes(role),
        )!;
        const values = await engine.singularValues(tensor);
        const { alpha } = fixFinger.fit(values.map((value) => value ** 2).sort());
        expect(Math.abs(alpha / alphas[block]! - 1), tensor.name).toBeLessThan(0.05);
        sum += alpha;
      }
      const mean = sum / Object.keys(byRole).length;
      expect(Math.abs(mean / plantedMean - 1), `block ${block}`).toBeLessThan(0.02);
    }
  });
});

interface HeaderEntry {
  shape: number[];
  data_offsets: [number, number];
}

/** Reads the matrices independently of our own reader: 8 bytes of length, a JSON header, bfloat16 values. */
async function readSafetensors(
  path: string,
): Promise<{ metadata: Record<string, string>; tensors: Matrix[] }> {
  const bytes = await readFile(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...header } = JSON.parse(bytes.toString('utf8', 8, start));
  const entries = Object.entries(header as Record<string, HeaderEntry>);
  const tensors = entries.map(([name, { shape, data_offsets: offsets }]) => {
    const [from, to] = offsets;
    const words = Uint32Array.from(
      { length: (to - from) / 2 },
      (_, i) => bytes.readUInt16LE(start + from + 2 * i) << 16,
    );
    const values = new Float32Array(words.buffer);
    const [rows = 0, columns = 1] = shape;
    return { name, rows, columns, dtype: 'F32' as const, read: async () => values };
  });
  return { metadata, tensors };
}

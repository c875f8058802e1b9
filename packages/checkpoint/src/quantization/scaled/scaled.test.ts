/** Codes times scales, as the programs of their formats dequantize them: `scaled-weights.py` wrote them. */
import { readFileSync } from 'node:fs';
import type { DType } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelOf } from '../../test-support/adapters.js';
import { expectDequantized, type PackedCase } from '../../test-support/packed-weights.js';
import { storedBytes } from '../../values/sizes.js';

const file = new URL('../../test-support/scaled-weights.json', import.meta.url);
const cases: PackedCase[] = JSON.parse(readFileSync(file, 'utf8'));

describe('codes times scales are what their program makes of them', () => {
  it.each(cases)('$name', expectDequantized);
});

const codeTypes: readonly DType[] = ['F8_E4M3', 'F8_E5M2', 'I8', 'U8', 'F4', 'F16'];
const scaleTypes: readonly DType[] = ['F32', 'BF16', 'F8_E8M0', 'F8_E4M3', 'U8', 'I64', 'F4'];
const parameters = [
  ...['weight', 'weight_scale', 'weight_scale_inv', 'weight_scale_2', 'weight_zero_point'],
  ...['scale_weight', 'qscale_weight', 'scale', 'SCB', 'weight_format', 'weight_packed'],
  ...['weight_global_scale', 'weight._data', 'weight._scale', 'weight._shift', '_weight_qdata'],
  ...['_weight_scale', '_weight_zero_point', 'codes', 'codebooks', 'indices', 'centroids.weight'],
  ...['experts.gate_up_proj', 'experts.gate_up_proj_scale_inv', 'trellis', 'svh', 'q_weight'],
];
const lengths: readonly number[] = [0, 1, 2, 3, 4, 16, 32];
const shapes = fc.array(fc.constantFrom(...lengths), { maxLength: 4 });
const stored = fc
  .record({
    parameter: fc.constantFrom(...parameters),
    dtype: fc.constantFrom(...codeTypes, ...scaleTypes),
    shape: shapes,
  })
  .filter(({ dtype, shape }) =>
    Number.isInteger(
      storedBytes(
        dtype,
        shape.reduce((count, length) => count * length, 1),
      ),
    ),
  )
  .map(({ parameter, dtype, shape }) => {
    const count = shape.reduce((product, length) => product * length, 1);
    const bytes = new Uint8Array(storedBytes(dtype, count)).fill(0x3c);
    return { name: `model.layers.0.mlp.${parameter}`, dtype, shape, bytes };
  });

it('whatever parts there are, weights have the values that their shapes say, or a typed error', async () => {
  const models = fc.uniqueArray(stored, { selector: ({ name }) => name, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(models, async (tensors) => {
      const opened = await modelOf(tensors).catch((error: { code?: string }) => {
        expect(error.code).toMatch(/^(IN|UN)\w+_CHECKPOINT$/);
        return undefined;
      });
      for (const { read, shape } of opened?.tensors ?? []) {
        const count = shape.reduce((product, length) => product * length, 1);
        const values = await read().catch((error: { code?: string }) => {
          expect(error.code).toBe('UNSUPPORTED_CHECKPOINT');
          return undefined;
        });
        if (values) expect(values).toHaveLength(count);
      }
    }),
    { numRuns: 3000 },
  );
});

it('a range of a weight is that part of the whole, whatever its blocks', async () => {
  const sides = fc.integer({ min: 1, max: 40 });
  const model = fc.record({ rows: sides, columns: sides, a: sides, b: sides, seed: fc.nat(250) });
  await fc.assert(
    fc.asyncProperty(
      model,
      fc.nat(1600),
      fc.nat(1600),
      async ({ rows, columns, a, b, seed }, x, y) => {
        const count = rows * columns;
        const [down, across] = [Math.ceil(rows / a), Math.ceil(columns / b)];
        const scales = Float32Array.from({ length: down * across }, (_, i) => 2 ** ((i % 9) - 4));
        const codes = Uint8Array.from({ length: count }, (_, i) => (i * 31 + seed) % 256);
        const { tensors } = await modelOf(
          [
            { name: 'h.0.up_proj.weight', dtype: 'I8', shape: [rows, columns], bytes: codes },
            {
              name: 'h.0.up_proj.weight_scale',
              dtype: 'F32',
              shape: [down, across],
              bytes: new Uint8Array(scales.buffer),
            },
          ],
          {},
          { quantization_config: { weight_block_size: [a, b] } },
        );
        const weight = tensors.find(({ quantization }) => quantization !== undefined)!;
        const expected = [...codes].map((code, i) => {
          const [row, column] = [Math.floor(i / columns), i % columns];
          const scale = scales[Math.floor(row / a) * across + Math.floor(column / b)]!;
          return ((code << 24) >> 24) * scale;
        });
        const [start, end] = [x, y].map((at) => at % (count + 1)).sort((p, q) => p - q);
        expect([...(await weight.read(start, end))]).toEqual(expected.slice(start, end));
      },
    ),
    { numRuns: 300 },
  );
});

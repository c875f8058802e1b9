/** Parts of packed weights that were changed: whatever they claim, an answer or an error of ours. */
import { readFileSync } from 'node:fs';
import { isAlphaLoraError } from '@alphalora/contracts';
import { type DType, elementTypes } from '@alphalora/contracts/weights';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { TensorData } from '../../formats/safetensors/serialize.js';
import { modelOf } from '../../test-support/adapters.js';
import { type PackedCase, tensorsOf } from '../../test-support/packed-weights.js';
import { elementCount, storedBytes } from '../../values/sizes.js';

const file = new URL('../../test-support/packed-weights.json', import.meta.url);
const cases: PackedCase[] = JSON.parse(readFileSync(file, 'utf8'));

const dtypes = ['F16', 'BF16', 'F32', 'I32', 'U32', 'U8', 'I8', 'I64'] as const;
const change = fc.record({
  part: fc.nat(),
  kind: fc.constantFrom('length', 'axis', 'fewer', 'type', 'gone', 'bytes', 'text'),
  axis: fc.nat(),
  length: fc.oneof(fc.nat(3), fc.nat(600)),
  dtype: fc.constantFrom(...dtypes),
  byte: fc.nat(255),
});
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

/** The same bytes as far as they go, then zeros. */
function reshaped(tensor: TensorData, dtype: DType, shape: readonly number[]): TensorData {
  const bytes = new Uint8Array(elementCount(shape) * elementTypes[dtype].bytes);
  bytes.set(tensor.bytes.subarray(0, bytes.length));
  return { ...tensor, dtype, shape, bytes };
}

function changed(tensors: TensorData[], { part, kind, axis, length, dtype, byte }: Change) {
  const at = part % tensors.length;
  const tensor = tensors[at]!;
  const { shape } = tensor;
  const bytes = Uint8Array.from(tensor.bytes);
  switch (kind) {
    case 'length':
      if (shape.length === 0) return tensors;
      return tensors.with(
        at,
        reshaped(tensor, tensor.dtype, shape.with(axis % shape.length, length)),
      );
    case 'axis':
      return tensors.with(
        at,
        reshaped(tensor, tensor.dtype, shape.toSpliced(axis % 3, 0, length % 4)),
      );
    case 'fewer':
      return tensors.with(at, reshaped(tensor, tensor.dtype, shape.slice(1)));
    case 'type':
      return tensors.with(at, reshaped(tensor, dtype, shape));
    case 'gone':
      return tensors.length > 1 ? tensors.toSpliced(at, 1) : tensors;
    case 'bytes':
      if (bytes.length > 0) bytes[length % bytes.length] = byte;
      return tensors.with(at, { ...tensor, bytes });
    case 'text':
      // A digit of a number in a description.
      return tensors.with(at, {
        ...tensor,
        bytes: bytes.map((each) => (each >= 0x30 && each <= 0x39 ? 0x30 + (byte % 10) : each)),
      });
  }
}

it('every change gives an answer that its bytes can hold, or an error of ours', {
  timeout: 120_000,
}, async () => {
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...cases), changes, async (packed, all) => {
      const tensors = all.reduce(changed, tensorsOf(packed));
      try {
        const model = await modelOf(tensors, {}, packed.config);
        for (const weight of model.tensors.filter(({ quantization }) => quantization)) {
          if (weight.unreadable === undefined) {
            const codes = tensors.reduce((sum, { dtype, shape }) => {
              return sum + storedBytes(dtype, elementCount(shape));
            }, 0);
            expect(elementCount(weight.shape)).toBeLessThanOrEqual(8 * codes);
          }
          expect((await weight.read()).length).toBe(elementCount(weight.shape));
        }
      } catch (error) {
        if (!isAlphaLoraError(error)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

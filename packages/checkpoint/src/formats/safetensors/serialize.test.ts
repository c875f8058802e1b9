import { isAlphaLoraError } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../checkpoint.js';
import { memorySource } from '../../sources/memory.js';
import { joined } from '../../test-support/files.js';
import { encodeValues } from '../../values/encode.js';
import { serializeSafetensors, type TensorData } from './serialize.js';

const tensor = (name: string, dtype: 'F64' | 'F32' | 'BF16', values: number[]): TensorData => ({
  name,
  dtype,
  shape: [values.length],
  bytes: encodeValues(Float32Array.from(values), dtype),
});
const a = tensor('a', 'BF16', [1, 2, 3]);
const b = tensor('b', 'F64', [4]);
const zero = tensor('0', 'F32', [5]);

describe('serializeSafetensors', () => {
  it('writes what the format says, byte for byte', () => {
    const bytes = joined(serializeSafetensors({ tensors: [zero], metadata: { k: 'v' } }));
    const header =
      '{"__metadata__":{"k":"v"},"0":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
    expect(new TextDecoder().decode(bytes.subarray(8, -4))).toBe(header.padEnd(80));
    expect([...bytes.subarray(0, 8)]).toEqual([80, 0, 0, 0, 0, 0, 0, 0]);
    // 5 = 1.25 * 2^2
    expect([...bytes.subarray(-4)]).toEqual([0, 0, 0xa0, 0x40]);
  });

  it('does not depend on the order of what it is given', () => {
    const bytes = joined(
      serializeSafetensors({ tensors: [a, zero, b], metadata: { x: '1', k: 'v' } }),
    );
    expect(
      joined(serializeSafetensors({ tensors: [b, a, zero], metadata: { k: 'v', x: '1' } })),
    ).toEqual(bytes);
  });

  it('aligns each tensor to its elements', async () => {
    const bytes = joined(serializeSafetensors({ tensors: [a, zero, b] }));
    const { tensors } = await readCheckpoint({ files: [memorySource(bytes, 'm')] });
    expect(tensors.map(({ name }) => name)).toEqual(['b', '0', 'a']);
    expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
  });

  it('hands the bytes on without a copy', () => {
    expect(serializeSafetensors({ tensors: [a] })[1]).toBe(a.bytes);
  });

  it('writes what it is read back as, special names included', async () => {
    const tensors = ['__proto__', 'constructor', '"\\\u2028', 'ü'].map((name) => ({ ...a, name }));
    const bytes = joined(serializeSafetensors({ tensors, metadata: { ['__proto__']: 'x' } }));
    const read = await readCheckpoint({ files: [memorySource(bytes, 'm')] });
    expect(new Set(read.tensors.map(({ name }) => name))).toEqual(
      new Set(tensors.map(({ name }) => name)),
    );
    expect(Object.entries(read.metadata)).toEqual([['__proto__', 'x']]);
  });

  it.each<[string, TensorData[], RegExp]>([
    ['a repeated name', [a, a], /"a": this name is reserved or used twice/],
    ['the reserved name', [{ ...a, name: '__metadata__' }], /reserved/],
    ['bytes that do not fill the shape', [{ ...a, shape: [4] }], /takes 8 bytes, but 6 are given/],
  ])('refuses %s', (_, tensors, message) => {
    let error: unknown;
    try {
      serializeSafetensors({ tensors });
    } catch (thrown) {
      error = thrown;
    }
    expect(isAlphaLoraError(error, 'INVALID_OPTION')).toBe(true);
    expect((error as Error).message).toMatch(message);
  });
});

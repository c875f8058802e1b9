/** One block of each type, as the Python package of ggml dequantizes it: `ggml-blocks.py` wrote them. */
import { readFileSync } from 'node:fs';
import { type DType, elementTypes } from '@alphalora/contracts/weights';
import { describe, expect, it } from 'vitest';
import { memorySource } from '../../sources/memory.js';
import { storedTensor } from '../../tensors/stored.js';
import { decodeValues } from '../decode.js';

const file = new URL('../../test-support/ggml-blocks.json', import.meta.url);
const recorded: Record<string, { stored: string; values: string }> = JSON.parse(
  readFileSync(file, 'utf8'),
);
const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(Buffer.from(base64, 'base64'));
const cases = Object.entries(recorded).map(([dtype, { stored, values }]) => ({
  dtype: dtype as DType,
  block: bytesOf(stored),
  values: [...new Float32Array(bytesOf(values).buffer)],
}));

it('there is a recorded block of every type that is stored in blocks', () => {
  const blocked = Object.entries(elementTypes).filter(([, { elements }]) => elements >= 32);
  expect(blocked.map(([dtype]) => dtype).sort()).toEqual(Object.keys(recorded).sort());
});

describe.each(cases)('$dtype', ({ dtype, block, values }) => {
  const bytes = Uint8Array.of(9, ...block, ...block, ...block);
  const elements = values.length;

  it('is decoded to the recorded values', () => {
    expect(block.length).toBe(elementTypes[dtype].bytes);
    expect([...decodeValues(bytes.subarray(1), dtype)]).toEqual([...values, ...values, ...values]);
  });

  it('is read from within a block to within another', async () => {
    const tensor = storedTensor(memorySource(bytes, 'model.gguf'), {
      name: 'w',
      dtype,
      shape: [3, elements],
      start: 1,
      end: bytes.length,
    });
    const all = [...values, ...values, ...values];
    for (const [start, end] of [
      [elements - 3, 2 * elements + 5],
      [7, 8],
      [elements, 2 * elements],
      [elements + 1, 3 * elements],
    ] as const)
      expect([...(await tensor.read(start, end))]).toEqual(all.slice(start, end));
  });
});

// Worked out by hand from the layouts; one-digit codes of otherwise empty blocks.
describe('by hand', () => {
  const block = (dtype: DType, set: Record<number, number>): number[] => {
    const bytes = new Uint8Array(elementTypes[dtype].bytes);
    for (const [at, value] of Object.entries(set)) bytes[Number(at)] = value;
    return [...decodeValues(bytes, dtype)];
  };

  it('Q4_0: lower halves before upper halves, 8 is zero', () => {
    // Scale 0.5; byte 3: codes 9 (element 3) and 15 (element 19).
    const values = block('Q4_0', { 0: 0x00, 1: 0x38, 5: 0xf9 });
    expect([values[2], values[3], values[19]]).toEqual([-4, 0.5, 3.5]);
  });

  it('Q4_K: scale and minimum of part 5 are spread over three bytes', () => {
    // Both scales 1. Part 5: scale 0b01_0011 = 19, minimum 0b10_0001 = 33; element 160 has the code 3.
    const values = block('Q4_K', { 1: 0x3c, 3: 0x3c, 5: 0x40, 9: 0x80, 13: 0x13, 80: 0x30 });
    expect([values[159], values[160], values[161]]).toEqual([0, 3 * 19 - 33, -33]);
  });

  it('Q6_K: a code of 6 bits less 32, times a signed scale', () => {
    // Scale 2; part 6 (elements 96 to 111) -3; element 97: lower bits 5, upper bits 2.
    const values = block('Q6_K', { 33: 0x50, 129: 0x80, 198: 0xfd, 209: 0x40 });
    expect([values[96], values[97], values[98]]).toEqual([192, (5 + 32 - 32) * -6, 192]);
  });

  it('MXFP4: halves of E2M1 times a power of two', () => {
    // E8M0 128 is 2; codes 1 (0.5) and 15 (-6).
    expect(block('MXFP4', { 0: 128, 1: 0xf1 }).filter((value) => value !== 0)).toEqual([1, -12]);
  });
});

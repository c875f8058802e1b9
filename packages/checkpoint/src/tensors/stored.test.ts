import { describe, expect, it } from 'vitest';
import { memorySource } from '../sources/memory.js';
import { storedTensor } from './stored.js';

/** Blocks of Q8_0 whose scale is 1: 32 counting numbers in each, as two's complement. */
function counting(blocks: number): Uint8Array {
  const bytes = new Uint8Array(blocks * 34);
  for (let block = 0; block < blocks; block++) {
    bytes.set([0x00, 0x3c], block * 34);
    for (let i = 0; i < 32; i++) bytes[block * 34 + 2 + i] = (block * 32 + i) & 0xff;
  }
  return bytes;
}

const signed = (code: number): number => ((code + 128) & 0xff) - 128;

function stored(shape: number[], before = 3) {
  const blocks = shape.reduce((product, length) => product * length, 1) / 32;
  const bytes = Uint8Array.of(...Array.from({ length: before }, () => 9), ...counting(blocks));
  return storedTensor(memorySource(bytes, 'model.gguf'), {
    name: 'w',
    dtype: 'Q8_0',
    shape,
    start: before,
    end: bytes.byteLength,
  });
}

describe('elements that are stored in blocks', () => {
  it.each([
    [0, 128],
    [32, 64],
    [31, 33],
    [5, 9],
    [64, 70],
    [127, 128],
    [40, 40],
  ])('are read from %i to %i', async (start, end) => {
    const values = await stored([2, 64]).read(start, end);
    expect([...values]).toEqual(Array.from({ length: end - start }, (_, i) => signed(start + i)));
  });

  it('are read over the borders of chunks', async () => {
    const count = 32 * 70_000;
    const bytes = counting(70_000);
    const tensor = storedTensor(memorySource(bytes, 'model.gguf'), {
      name: 'w',
      dtype: 'Q8_0',
      shape: [count],
      start: 0,
      end: bytes.byteLength,
    });
    const values = await tensor.read(7, count - 5);
    expect(values.every((value, i) => value === signed(i + 7))).toBe(true);
  });

  it('are handed out as stored from the beginning of a block', async () => {
    const { readInto } = stored([2, 64]);
    const target = new Uint8Array(34);
    await readInto!(target, 96);
    expect(target).toEqual(counting(4).subarray(102));
    await expect(readInto!(target, 95)).rejects.toThrow('w: element 95 begins no block of 32');
    await expect(readInto!(target, 128)).rejects.toThrow(/asked for, it has 128/);
  });

  it('are not handed out as stored where rows end within one', () => {
    expect(stored([4, 16]).readInto).toBeUndefined();
  });
});

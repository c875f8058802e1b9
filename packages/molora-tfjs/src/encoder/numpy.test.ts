import { memorySource, readCheckpoint } from '@alphalora/checkpoint';
import { describe, expect, it } from 'vitest';
import { numpyArray } from './numpy.js';

const values = Float32Array.of(1.5, -2, 3.25, 0, 1e-30, 7);

describe('numpyArray', () => {
  it('has the bytes that numpy.save writes', () => {
    // np.save(file, np.array([[1.5, -2]], dtype='<f4')) of numpy 2.4.
    const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }";
    const text = `\x93NUMPY\x01\0v\0${header.padEnd(117)}\n\0\0\xc0\x3f\0\0\0\xc0`;
    expect(Buffer.from(numpyArray(values.slice(0, 2), [1, 2])).toString('latin1')).toBe(text);
  });

  it.each([[[6]], [[2, 3]], [[1, 6]], [[3, 2, 1]]])('is read again: %j', async (shape) => {
    const bytes = numpyArray(values, shape) as Uint8Array<ArrayBuffer>;
    const { tensors } = await readCheckpoint({ files: [memorySource(bytes, 'a.npy')] });
    expect(tensors[0]!.shape).toEqual(shape);
    expect(await tensors[0]!.read()).toEqual(values);
  });
});

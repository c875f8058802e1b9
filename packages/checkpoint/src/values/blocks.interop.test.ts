/** Types that are stored in blocks, against the Python package of ggml: bit for bit, on any bytes. */
import { type DType, elementTypes } from '@alphalora/contracts';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPythonForBytes } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { decodeValues } from './decode.js';

const program = `
import sys, gguf, numpy
blocks = numpy.frombuffer(sys.stdin.buffer.read(), 'u1').reshape(-1, int(sys.argv[2]))
values = gguf.dequantize(blocks, gguf.GGMLQuantizationType[sys.argv[1]])
sys.stdout.buffer.write(values.astype('<f4').tobytes())
`;

const blocked = (Object.keys(elementTypes) as DType[]).filter(
  (dtype) => elementTypes[dtype].elements > 1,
);

describeUnless(pythonLacks('gguf', 'numpy'), 'the Python package gguf', () => {
  it.each(blocked)('decodes %s to the same', (dtype) => {
    const { bytes, elements } = elementTypes[dtype];
    // Linear congruential bytes: scales take every pattern, infinities and NaN too.
    const stored = new Uint8Array(bytes * 20_000);
    for (let i = 0, state = 1; i < stored.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      stored[i] = state >>> 24;
    }
    const options = { args: [dtype, `${bytes}`], input: stored };
    const expected = new Float32Array(new Uint8Array(runPythonForBytes(program, options)).buffer);
    expect(expected.length).toBe(20_000 * elements);
    const values = decodeValues(stored, dtype);
    expect(values.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
  });
});

/** Types that are stored in blocks, against the Python package of ggml: bit for bit. */
import { type DType, elementTypes } from '@alphalora/contracts/weights';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPythonForBytes } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { decodeValues } from '../decode.js';
import { storedBytes } from '../sizes.js';

const blocked = (Object.keys(elementTypes) as DType[]).filter(
  (dtype) => elementTypes[dtype].elements >= 32,
);
/** Of each type: whole blocks of all of them. */
const COUNT = 1 << 20;

const dequantize = `
import sys, gguf, numpy
for name in sys.argv[2:]:
    kind = gguf.GGMLQuantizationType[name]
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    blocks = numpy.frombuffer(sys.stdin.buffer.read(int(sys.argv[1]) // elements * size), 'u1')
    values = gguf.dequantize(blocks.reshape(-1, size), kind)
    sys.stdout.buffer.write(values.astype('<f4').tobytes())
`;

/** Normal weights, a row of them heavy, a row zero; what it cannot quantize is left out. */
const quantize = `
import sys, gguf, numpy
weights = numpy.random.default_rng(1).normal(0, 0.02, (256, 4096)).astype('f4')
weights[1] *= numpy.random.default_rng(2).pareto(2, 4096)
weights[2] = 0
for name in sys.argv[1:]:
    kind = gguf.GGMLQuantizationType[name]
    stored = gguf.quantize(weights, kind)
    sys.stdout.buffer.write(stored.tobytes())
    sys.stdout.buffer.write(gguf.dequantize(stored, kind).astype('<f4').tobytes())
`;
const quantized = ['Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'TQ1_0', 'TQ2_0', 'MXFP4'] as const;

describeUnless(pythonLacks('gguf', 'numpy'), 'the Python package gguf', () => {
  it('decodes any bytes to the same values', () => {
    const sizes = blocked.map((dtype) => storedBytes(dtype, COUNT));
    const input = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    // Linear congruential bytes: scales take every pattern, infinities and NaN too.
    for (let i = 0, state = 1; i < input.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      input[i] = state >>> 24;
    }
    const answer = runPythonForBytes(dequantize, { args: [`${COUNT}`, ...blocked], input });
    const expected = new Float32Array(new Uint8Array(answer).buffer);
    expect(expected.length).toBe(COUNT * blocked.length);
    let at = 0;
    for (const [index, dtype] of blocked.entries()) {
      const values = decodeValues(input.subarray(at, at + sizes[index]!), dtype);
      at += sizes[index]!;
      expectSame(dtype, values, expected.subarray(COUNT * index, COUNT * (index + 1)));
    }
  });

  it('decodes what it quantizes to the same values', () => {
    const answer = new Uint8Array(runPythonForBytes(quantize, { args: quantized }));
    let at = 0;
    for (const dtype of quantized) {
      const middle = at + storedBytes(dtype, COUNT);
      const end = middle + 4 * COUNT;
      const expected = new Float32Array(answer.slice(middle, end).buffer);
      expectSame(dtype, decodeValues(answer.subarray(at, middle), dtype), expected);
      at = end;
    }
    expect(at).toBe(answer.length);
  });
});

function expectSame(dtype: DType, values: ArrayLike<number>, expected: Float32Array): void {
  expect(values.length).toBe(expected.length);
  const odd = expected.findIndex((value, i) => !Object.is(value, values[i]));
  expect({ dtype, odd }).toEqual({ dtype, odd: -1 });
}

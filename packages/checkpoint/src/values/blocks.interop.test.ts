/** Types that are stored in blocks, against the Python package of ggml: bit for bit, on any bytes. */
import { spawnSync } from 'node:child_process';
import { type DType, elementTypes } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { decodeValues } from './decode.js';

const python = process.env['ALPHALORA_PYTHON'] ?? 'python3';
const hasReference = spawnSync(python, ['-c', 'import gguf, numpy']).status === 0;
const reason = hasReference ? '' : ` (skipped: ${python} has no gguf; set ALPHALORA_PYTHON)`;

const program = `
import sys, gguf, numpy
blocks = numpy.frombuffer(sys.stdin.buffer.read(), 'u1').reshape(-1, int(sys.argv[2]))
values = gguf.dequantize(blocks, gguf.GGMLQuantizationType[sys.argv[1]])
sys.stdout.buffer.write(values.astype('<f4').tobytes())
`;

const blocked = (Object.keys(elementTypes) as DType[]).filter(
  (dtype) => elementTypes[dtype].elements > 1,
);

describe.skipIf(!hasReference)(`the Python package gguf${reason}`, () => {
  it.each(blocked)('decodes %s to the same', (dtype) => {
    const { bytes, elements } = elementTypes[dtype];
    // Linear congruential bytes: scales take every pattern, infinities and NaN too.
    const stored = new Uint8Array(bytes * 20_000);
    for (let i = 0, state = 1; i < stored.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      stored[i] = state >>> 24;
    }
    const { stdout, stderr, status } = spawnSync(python, ['-c', program, dtype, `${bytes}`], {
      input: stored,
      maxBuffer: 1e8,
    });
    if (status !== 0) throw new Error(stderr.toString());
    const expected = new Float32Array(new Uint8Array(stdout).buffer);
    expect(expected.length).toBe(20_000 * elements);
    const values = decodeValues(stored, dtype);
    expect(values.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
  });
});

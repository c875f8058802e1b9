import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from './index.js';
import { eigenvalueError, matrixOf, randomValues } from './test-support/matrices.js';

const python = process.env['ALPHALORA_PYTHON'] ?? 'python3';
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0;
const reason = hasNumpy ? '' : ` (skipped: ${python} has no numpy; set ALPHALORA_PYTHON)`;

const program = `
import sys, numpy
rows, columns = map(int, sys.argv[1:])
w = numpy.frombuffer(sys.stdin.buffer.read(), dtype='<f8').reshape(rows, columns)
sys.stdout.buffer.write(numpy.linalg.svd(w, compute_uv=False).astype('<f8').tobytes())
`;

describe.skipIf(!hasNumpy)(`numpy.linalg.svd in float64${reason}`, () => {
  const engine = createWasmEngine();
  it.each([
    [1, 5],
    [37, 64],
    [64, 37],
    [255, 257],
    [512, 512],
    [384, 1000],
    [1000, 384],
  ])('%i x %i', async (rows, columns) => {
    const values = randomValues(rows * columns, rows);
    const run = spawnSync(python, ['-c', program, `${rows}`, `${columns}`], {
      input: new Uint8Array(values.buffer),
      maxBuffer: 1e8,
    });
    expect(run.stderr.toString()).toBe('');
    const expected = new Float64Array(new Uint8Array(run.stdout).buffer);
    const found = await engine.singularValues(matrixOf(rows, columns, values));
    expect(eigenvalueError(found, expected)).toBeLessThan(1e-13);
    const narrow = matrixOf(rows, columns, values);
    const f32 = await engine.singularValues(narrow, { precision: 'f32' });
    expect(eigenvalueError(f32, expected)).toBeLessThan(5e-6);
  });
});

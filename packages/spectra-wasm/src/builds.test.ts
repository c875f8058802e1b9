import { eigenvalueError, matrixOf, randomValues } from '@alphalora/testing/spectra/matrices';
import { describe, expect, it } from 'vitest';
import { portableCandidates } from './candidates.js';
import { createEngine } from './engine.js';
import { createWasmEngine } from './index.js';
import { type Candidate, loadFirst } from './load.js';
import { createWasmEngine as createNodeEngine } from './node.js';
import { passesSelfTest } from './self-test.js';
import { stagesOf } from './stages.js';

const [simd] = portableCandidates('simd') as [Candidate];

describe('builds', () => {
  const engines = {
    'portable, auto': createWasmEngine(),
    'Node, experimental flags': createNodeEngine(),
    'Node, without flags': createNodeEngine({ experimental: false }),
  };
  const plain = createNodeEngine({ build: 'simd' });

  for (const [name, engine] of Object.entries(engines)) {
    it.each([
      [200, 200],
      [310, 530],
      [530, 310],
      [20, 700],
    ])(`${name} agrees with the plain build on %i x %i`, async (rows, columns) => {
      const matrix = matrixOf(rows, columns, randomValues(rows * columns, 21));
      for (const [precision, tolerance] of [
        ['f64', 1e-14],
        ['f32', 5e-6],
      ] as const) {
        const expected = await plain.singularValues(matrix, { precision });
        const actual = await engine.singularValues(matrix, { precision });
        expect(eigenvalueError(actual, expected)).toBeLessThan(tolerance);
      }
    });
  }
});

describe('loading', () => {
  const small = matrixOf(1, 2, new Float64Array([3, 4]));

  it('goes on to the next build when one does not compile', async () => {
    const broken: Candidate = {
      ...simd,
      instantiate: () => {
        throw new Error('unknown opcode');
      },
    };
    const [value] = await createEngine([broken, simd]).singularValues(small);
    expect(value).toBe(5);
    await expect(createEngine([broken]).singularValues(small)).rejects.toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining("build 'simd' does not load"),
    });
  });

  it('tells a sound instance from one that computes wrongly', async () => {
    const instance = await loadFirst([simd]);
    expect(await passesSelfTest(instance)).toBe(true);
    for (const stage of [
      'chaseSweepsF32',
      'packRowsF64',
      'packColumnsF32',
      'reducePanelF64',
    ] as const) {
      const exports = { ...instance.exports, [stage]: () => {} };
      const passes = passesSelfTest({ ...instance, exports }).catch(() => false);
      expect(await passes, stage).toBe(false);
    }
  });

  it('has every stage in both arithmetics', async () => {
    const { exports } = await loadFirst([simd]);
    for (const precision of ['f32', 'f64'] as const) {
      expect(
        Object.values(stagesOf(exports, precision)).every((f) => typeof f === 'function'),
      ).toBe(true);
    }
  });
});

import type { Analysis, MatrixRow } from '@alphalora/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinParts } from './join.js';

const measured = (name: string, alpha: number): MatrixRow => ({
  name,
  shape: [4, 4],
  dtype: 'F32',
  block: 0,
  kind: 'projection',
  status: 'ok',
  alpha,
  xmin: 1,
  ks: 0.1,
  tail: 3,
  stderr: 0.5,
  metrics: {},
  digest: 'ab'.repeat(32),
});
const elsewhere = (row: MatrixRow, shard: number, count: number): MatrixRow => ({
  name: row.name,
  shape: row.shape,
  dtype: row.dtype,
  block: 0,
  kind: 'projection',
  status: 'skipped',
  reason: `measured by shard ${shard}/${count}`,
  shard,
});
const vector: MatrixRow = {
  name: 'norm',
  shape: [4],
  dtype: 'F32',
  status: 'skipped',
  reason: 'not a matrix',
};

/** The parts of an analysis of `rows`, the i-th of them measured by shard `owners[i]`. */
function partsOf(rows: MatrixRow[], owners: number[], count: number) {
  return Array.from({ length: count }, (_, i) => {
    const index = i + 1;
    const analysis: Analysis = {
      schemaVersion: 1,
      kind: 'analysis',
      tool: { name: 'alphalora', version: '1' },
      model: { source: 'm', blocks: 1 },
      options: { estimator: 'hill', aggregate: 'mean', engine: 'wasm' },
      matrices: rows.map((row, position) => {
        const owner = owners[position];
        return owner === undefined || owner === index ? row : elsewhere(row, owner, count);
      }),
      blocks: [{ index: 0, matrices: 0 }],
      timings: { seconds: 1 },
      shard: { index, count },
    };
    return { file: `part-${index}.json`, analysis };
  });
}

const rows = [measured('a', 2), vector, measured('b', 3), measured('c', 7)];
const owners = [1, undefined, 2, 1] as number[];

/** Counts what it is given. */
const aggregate = ({ matrices, model }: Analysis) => ({
  blocks: Array.from({ length: model.blocks }, (_, index) => ({
    index,
    matrices: matrices.length,
  })),
});

describe('joinParts', () => {
  it('restores the rows in their order, whatever the order of the parts', () => {
    fc.assert(
      fc.property(fc.constantFrom([0, 1], [1, 0]), (order) => {
        const parts = partsOf(rows, owners, 2);
        const merged = joinParts(
          order.map((i) => parts[i]!),
          aggregate,
        );
        expect(merged.matrices).toEqual(rows);
        expect(merged.blocks).toEqual([{ index: 0, matrices: 4 }]);
        expect(merged.timings).toEqual({ seconds: 2 });
        expect('shard' in merged).toBe(false);
      }),
    );
  });

  const changed = (change: (analysis: Analysis) => Partial<Analysis>) => {
    const [first, second] = partsOf(rows, owners, 2) as [
      never,
      { file: string; analysis: Analysis },
    ];
    return [first, { ...second, analysis: { ...second.analysis, ...change(second.analysis) } }];
  };

  it.each<[string, ReturnType<typeof partsOf>, RegExp]>([
    ['a missing part', partsOf(rows, owners, 2).slice(1), /missing: shard 1 of 2/],
    ['the same part twice', [0, 0, 1].map((i) => partsOf(rows, owners, 2)[i]!), /both shard 1\/2/],
    [
      'parts of different divisions',
      [partsOf(rows, owners, 2)[0]!, partsOf(rows, owners, 3)[1]!],
      /into 2 and 3/,
    ],
    ['a whole analysis', changed(() => ({ shard: undefined }) as never), /is no part/],
    [
      'other options',
      changed((a) => ({ options: { ...a.options, estimator: 'ks' } })),
      /differ in estimator: "hill" and "ks"/,
    ],
    [
      'an option that one part lacks',
      changed((a) => ({ options: { ...a.options, tail: 3 } })),
      /differ in tail/,
    ],
    ['another model', changed(() => ({ model: { source: 'n', blocks: 1 } })), /differ in model/],
    [
      'another version',
      changed(() => ({ tool: { name: 'alphalora', version: '2' } })),
      /differ in tool/,
    ],
    [
      'a matrix with another role',
      changed((a) => ({ matrices: a.matrices.map((row) => ({ ...row, role: 'q_proj' })) })),
      /differ in matrices/,
    ],
    [
      'a weight that is left out for other reasons',
      changed((a) => ({
        matrices: a.matrices.map((row) => (row.name === 'norm' ? { ...row, reason: 'x' } : row)),
      })),
      /part-1.json and part-2.json differ in norm/,
    ],
    [
      'a part that ascribes a matrix to another part than measured it',
      changed((a) => ({
        matrices: a.matrices.map((row) => (row.name === 'c' ? { ...row, shard: 2 } : row)),
      })),
      /part-2.json says that another part than part-1.json holds c/,
    ],
    [
      'divisions into more parts than can be counted',
      partsOf(rows, owners, 2).map((part) => ({
        ...part,
        analysis: { ...part.analysis, shard: { ...part.analysis.shard!, count: 1e15 } },
      })),
      /missing: shard 3, 4, .*, 22, ... of 1000000000000000/,
    ],
    ['other matrices', changed((a) => ({ matrices: a.matrices.slice(1) })), /differ in matrices/],
    [
      'overlapping measurements',
      partsOf(rows, [1, undefined, 2, undefined] as never, 2),
      /several parts hold c/,
    ],
    [
      'a matrix that nobody measured',
      partsOf(rows, [1, undefined, 2, 9] as never, 2),
      /no part holds c/,
    ],
  ])('refuses %s', (_, parts, message) => {
    expect(() => joinParts(parts, aggregate)).toThrow(message);
  });
});

import type { MatrixRow, WeightKind } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { aggregateBlocks } from './aggregate.js';

const row = (block: number, alpha: number, kind: WeightKind = 'projection'): MatrixRow => ({
  name: 'w',
  shape: [2, 2],
  dtype: 'F32',
  block,
  kind,
  status: 'ok',
  ...{ alpha, xmin: 1, ks: 0, tail: 2, stderr: 0, metrics: {} },
});

describe('aggregateBlocks', () => {
  const rows = [row(0, 2), row(0, 3), row(0, 13), row(0, 99, 'router'), row(1, 4), row(1, 5)];

  it('takes the mean or the median of the projections only', () => {
    expect(aggregateBlocks(rows, 2, 'mean').map(({ alpha }) => alpha)).toEqual([6, 4.5]);
    expect(aggregateBlocks(rows, 2, 'median').map(({ alpha }) => alpha)).toEqual([3, 4.5]);
  });

  it('lists blocks without measurements, without an alpha', () => {
    expect(aggregateBlocks(rows, 3, 'mean')[2]).toEqual({ index: 2, matrices: 0 });
  });
});

import type { Allocation } from '@alphalora/contracts';
import {
  allocationOf,
  hostile,
  llamaLike,
  projectionAllocation,
  valueAllocation,
} from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { filesOf, notesOf } from '../test-support/exported.js';

/** CSV as RFC 4180 has it, for cells without line breaks. */
async function rowsOf(allocation: Allocation): Promise<Record<string, string>[]> {
  const text = (await filesOf(allocation, 'csv')) as string;
  const [columns, ...rows] = text
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .match(/(?<=^|,)("(?:[^"]|"")*"|[^,]*)/g)!
        .map((cell) => (cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)),
    );
  return rows.map((cells) => {
    expect(cells).toHaveLength(columns!.length);
    return Object.fromEntries(columns!.map((column, i) => [column, cells[i]!]));
  });
}

describe('csv of an allocation', () => {
  it('has a row for each block, with its robustness', async () => {
    const allocation = allocationOf([2, 3]);
    allocation.blocks[1]!.robustness = { changed: 0.25, experts: [2, 5] };
    expect(await rowsOf(allocation)).toEqual([
      {
        block: '0',
        score: '2',
        share: '0.5',
        experts: '2',
        top_k: '1',
        rank: '',
        value: '',
        changed: '',
        experts_low: '',
        experts_high: '',
      },
      {
        block: '1',
        score: '2',
        share: '0.5',
        experts: '3',
        top_k: '1',
        rank: '',
        value: '',
        changed: '0.25',
        experts_low: '2',
        experts_high: '5',
      },
    ]);
  });

  it('has a row for each projection where there are', async () => {
    const rows = await rowsOf(projectionAllocation('experts', llamaLike));
    expect(rows.map(({ name, block, experts }) => [name, Number(block), Number(experts)])).toEqual(
      llamaLike.map(([name, block, amount]) => [name, block, amount]),
    );
    expect(rows[1]).toEqual({
      block: '0',
      name: 'model.layers.0.mlp.up_proj.weight',
      role: 'up_proj',
      rank: '8',
      inputs: '16',
      outputs: '64',
      score: '2',
      share: '',
      experts: '4',
      top_k: '2',
      value: '',
    });
  });

  it('keeps blocks without projections', async () => {
    const allocation = projectionAllocation('rank', llamaLike);
    const rows = await rowsOf({
      ...allocation,
      projections: allocation.projections!.filter(({ block }) => block !== 1),
    });
    expect(rows.map(({ block, name, rank }) => [block, name === '', rank])).toEqual([
      ...[
        ['0', false, '2'],
        ['0', false, '4'],
        ['1', true, '9'],
      ],
      ...[
        ['2', false, '1'],
        ['2', false, '0'],
      ],
    ]);
  });

  it('holds every resource', async () => {
    const rows = await rowsOf(valueAllocation('sparsity', [0.5, 0.7]));
    expect(rows.map(({ value, experts }) => [value, experts])).toEqual([
      ['0.5', ''],
      ['0.7', ''],
    ]);
  });

  it('escapes hostile names, and formulas', async () => {
    const names = [...hostile, 'a,b.weight', '=1+1.weight'];
    const allocation = projectionAllocation(
      'rank',
      names.map((name) => [name, 0, 1]),
    );
    expect((await rowsOf(allocation)).map(({ name }) => name)).toEqual([
      ...names.slice(0, -1),
      "'=1+1.weight",
    ]);
  });

  it('says that robustness has no column among projections', async () => {
    const allocation = projectionAllocation('rank', llamaLike);
    expect(await notesOf(allocation, 'csv')).toEqual([]);
    allocation.blocks[0]!.robustness = { changed: 0, experts: [1, 1] };
    expect(await notesOf(allocation, 'csv')).toHaveLength(1);
  });
});

it('says which stack a block is in where there are several', async () => {
  const both = allocationOf([2, 3]);
  both.blocks[1]!.stack = { name: 'decoder.block', block: 0 };
  both.blocks[0]!.stack = { name: 'encoder.block', block: 0 };
  expect(
    (await rowsOf(both)).map((row) => [row['block'], row['stack'], row['stack_block']]),
  ).toEqual([
    ['0', 'encoder.block', '0'],
    ['1', 'decoder.block', '0'],
  ]);
  const tower = { ...allocationOf([2, 3]), stack: 'visual.blocks' };
  expect((await rowsOf(tower)).map((row) => [row['stack'], row['stack_block']])).toEqual([
    ['visual.blocks', '0'],
    ['visual.blocks', '1'],
  ]);
});

import { projectionAllocation } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { exportDocument } from '../export.js';

const rows: Parameters<typeof projectionAllocation>[1] = [
  ['model.layers.0.self_attn.q_proj.weight', 0, 2],
  ['model.layers.1.self_attn.q_proj.weight', 1, 8],
];

async function exported(options: Record<string, unknown>) {
  const document = projectionAllocation('rank', rows);
  const { files, notes } = await exportDocument(document, 'pytorch', options);
  const config = JSON.parse((files as Record<string, string>)['adapter_config.json']!);
  const scalings = config.molora.projections.map((own: { scalings: number[] }) => own.scalings[0]);
  return { scalings, notes: notes.join('\n') };
}

describe('experts for PyTorch', () => {
  it.each([
    ['alpha/r', [8, 2]],
    ['alpha/sqrt(r)', [16 / Math.sqrt(2), 16 / Math.sqrt(8)]],
    ['constant', [2, 2]],
  ])('are scaled by %s', async (scaling, scalings) => {
    expect((await exported({ scaling })).scalings).toEqual(scalings);
  });

  it('tell that small ranks are scaled by more, which is the default', async () => {
    const { scalings, notes } = await exported({});
    expect(scalings).toEqual([8, 2]);
    expect(notes).toMatch(/rank 2 are scaled by 8, those of rank 8 by 2.*--scaling constant/);
    expect((await exported({ scaling: 'constant' })).notes).not.toMatch(/scaled by/);
  });

  it('are not scaled for adaptive-shared, unless an alpha is given', async () => {
    const router = 'adaptive-shared';
    expect((await exported({ router })).scalings).toEqual([1, 1]);
    expect((await exported({ router, alpha: 4 })).scalings).toEqual([2, 0.5]);
    expect((await exported({ scaling: 'none' })).scalings).toEqual([1, 1]);
  });

  it('are of the roles that are asked for, all of which must be there', async () => {
    await expect(exported({ targets: ['v_proj'] })).rejects.toThrow(/targets are some of q_proj/);
    expect((await exported({ targets: ['q_proj'] })).scalings).toHaveLength(2);
  });
});

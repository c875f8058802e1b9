import { analysisOf, failedRow, measuredRow, skippedRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { filesOf } from '../test-support/exported.js';

/** Enough of CSV for cells without line breaks. */
async function tableOf(...args: Parameters<typeof analysisOf>): Promise<Record<string, string>[]> {
  const text = (await filesOf(analysisOf(...args), 'csv')) as string;
  const [header, ...lines] = text.trimEnd().split('\n');
  const columns = header!.split(',');
  return lines.map((line) => {
    const cells = line.match(/(?<=^|,)("(?:[^"]|"")*"|[^,]*)/g)!;
    expect(cells).toHaveLength(columns.length);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i]!]));
  });
}

const weightWatcher =
  'layer_id,name,D,M,N,Q,alpha,alpha_weighted,entropy,has_esd,lambda_max,layer_type,log_alpha_norm,' +
  'log_norm,log_spectral_norm,longname,matrix_rank,norm,num_evals,num_pl_spikes,rank_loss,rf,sigma,' +
  'spectral_norm,stable_rank,status,sv_max,sv_min,warning,weak_rank_loss,xmax,xmin';

const fitted = measuredRow('model.layers.3.q_proj.weight', 2.125, {
  shape: [64, 16],
  xmin: 0.75,
  ks: 0.0625,
  tail: 11,
  stderr: 0.25,
  precision: 'f64',
  interval: [1.5, 2.5],
  warning: 'spurious',
  metrics: { spectral_norm: 9, matrix_rank: 14, stable_rank: 1.5, log_norm: -0.5, num_spikes: 2 },
  spectrum: { range: [0.25, 9], counts: [], cuts: { tail: [], alpha: [] } },
});

describe('csv', () => {
  it('has the columns of WeightWatcher', async () => {
    const [row] = await tableOf([fitted]);
    for (const column of weightWatcher.split(',')) expect(row).toHaveProperty(column);
  });

  it('keeps metrics whatever their names, and has none that only objects have', async () => {
    const metrics = { constructor: 3, 'a.b': 4, toString: 5 };
    const rows = await tableOf([{ ...fitted, metrics }, skippedRow('n')]);
    expect(rows[0]).toMatchObject({ constructor: '3', 'a.b': '4', toString: '5' });
    expect(rows[1]).toMatchObject({ constructor: '', 'a.b': '', toString: '' });
  });

  it('maps a fitted matrix', async () => {
    const [row] = await tableOf([fitted]);
    expect(row).toMatchObject({
      layer_id: '0',
      name: 'q_proj',
      longname: 'model.layers.3.q_proj',
      layer_type: 'dense',
      M: '16',
      N: '64',
      Q: '4',
      rf: '1',
      has_esd: 'True',
      status: 'success',
      D: '0.0625',
      alpha: '2.125',
      sigma: '0.25',
      xmin: '0.75',
      xmax: '9',
      num_pl_spikes: '11',
      lambda_max: '9',
      sv_max: '3',
      sv_min: '0.5',
      rank_loss: '2',
      stable_rank: '1.5',
      log_norm: '-0.5',
      warning: 'under-trained',
      weak_rank_loss: '',
      weight: 'model.layers.3.q_proj.weight',
      block: '3',
      role: 'q_proj',
      shape: '64x16',
      interval_low: '1.5',
      interval_high: '2.5',
      precision: 'f64',
      spurious: 'True',
      num_spikes: '2',
      reason: '',
    });
  });

  it('says which numbers not to rely on, and makes none up', async () => {
    const imprecise = 'float32 does not resolve them';
    const [row] = await tableOf([{ ...fitted, precision: 'f32', imprecise }]);
    expect(row).toMatchObject({ imprecise, sv_min: '' });
  });

  it('has every row, with the reason where there are no numbers', async () => {
    const rows = await tableOf([
      skippedRow('norm.weight', { kind: 'norm' }),
      failedRow('h.0.k_proj.weight', 'contains NaN, "twice"'),
      fitted,
    ]);
    expect(
      rows.map((row) => [row['layer_id'], row['status'], row['reason'], row['alpha']]),
    ).toEqual([
      ['0', 'skipped', 'not a matrix', ''],
      ['1', 'failed', '"contains NaN, ""twice"""', ''],
      ['2', 'success', '', '2.125'],
    ]);
    expect(rows.map((row) => row['layer_type'])).toEqual(['norm', 'dense', 'dense']);
  });

  it('does not say what it cannot know', async () => {
    const clipped = measuredRow('h.0.q_proj.weight', 2, {
      fingers: 3,
      rawAlpha: 9.5,
      metrics: { spectral_norm: 9 },
    });
    expect((await tableOf([clipped]))[0]).toMatchObject({
      xmax: '',
      num_fingers: '2',
      raw_alpha: '9.5',
      sv_min: '',
    });
    // Windows overlap: their eigenvalues do not count the rank of the matrix.
    const [windows] = await tableOf([fitted], [], { farms: { rows: 8 } });
    expect(windows).toMatchObject({ rank_loss: '', matrix_rank: '14' });
  });

  it('takes the largest eigenvalue from the spectrum where its metric was not asked for', async () => {
    const bare = { ...fitted, metrics: {} };
    expect((await tableOf([bare]))[0]).toMatchObject({
      lambda_max: '9',
      sv_max: '3',
      rank_loss: '',
    });
  });

  it('counts a convolution by its receptive field', async () => {
    const kernel = measuredRow('conv.weight', 2, {
      shape: [64, 3, 7, 7],
      metrics: { matrix_rank: 147 },
    });
    expect((await tableOf([kernel]))[0]).toMatchObject({
      layer_type: 'conv2d',
      M: '3',
      N: '64',
      rf: '49',
      rank_loss: '0',
    });
  });

  it('keeps spreadsheets from running a name, and leaves numbers alone', async () => {
    const [row] = await tableOf([measuredRow('=1+1', 2, { metrics: { log_norm: -1 } })]);
    expect(row).toMatchObject({ weight: "'=1+1", log_norm: '-1' });
  });
});

describe('exportDocument', () => {
  it('names the formats when there is no such one', async () => {
    await expect(filesOf(analysisOf([]), 'parquet')).rejects.toThrow(/choose one of .*csv/);
  });

  it('says which kind of document a format is for', async () => {
    await expect(filesOf(analysisOf([]), 'mola')).rejects.toThrow(
      /mola is for an allocation, and this is an analysis/,
    );
  });
});

it('has columns for stacks only where there are several', async () => {
  const { block: _, ...row } = measuredRow('visual.blocks.3.fc.weight', 9);
  const tower = { ...row, stack: { name: 'visual.blocks', block: 3 } };
  const blocks = [{ index: 3, matrices: 1, alpha: 9 }];
  const analysis = {
    ...analysisOf(
      [measuredRow('model.layers.0.up.weight', 2), tower, skippedRow('n')],
      [{ alpha: 2 }],
    ),
    stacks: [{ name: 'visual.blocks', blocks }],
  };
  analysis.model.stack = 'model.layers';
  const text = (await filesOf(analysis, 'csv')) as string;
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const column = (name: string) => rows.slice(1).map((cells) => cells[rows[0]!.indexOf(name)]);
  expect(column('block')).toEqual(['0', '', '']);
  expect(column('stack')).toEqual(['model.layers', 'visual.blocks', '']);
  expect(column('stack_block')).toEqual(['0', '3', '']);
  const plain = (await filesOf(analysisOf([measuredRow('h.0.up.weight', 2)]), 'csv')) as string;
  expect(plain).not.toMatch(/stack(_block)?,/);
});

/**
 * An analysis as the table that WeightWatcher's `analyze()` returns (its `details` data frame), so
 * that notebooks made for that CSV read ours. Its columns come first, under its names and with its
 * meanings; then all further metrics under their own names; then what only our document knows.
 *
 * Where they differ: every row of the document is here, also skipped ones (`status` is `success`,
 * `failed` or `skipped`, `reason` says why); `sv_min` is that of the smallest eigenvalue above
 * zero; `weak_rank_loss` stays empty, because the document does not keep the eigenvalues; a fit that
 * says nothing has no alpha here, so that means over the column are right, and `weak` says why.
 */
import type { AnalysedRow, Analysis, MatrixRow } from '@alphalora/contracts';
import { type Cells, tableOf } from '../shared/table.js';

export function analysisTable({ matrices, model, options }: Analysis): string {
  const farms = options['farms'] !== undefined;
  const records = matrices.map((row, index) => ({
    ...weightWatcherCells(row, index, farms),
    ...(row.status === 'ok' && row.metrics),
    ...(row.status === 'ok' && row.weak !== undefined && weakCells),
    ...ownCells(row, model.stack),
  }));
  const names = new Set(matrices.flatMap((row) => Object.keys(measured(row)?.metrics ?? {})));
  const inStacks = matrices.some(({ stack }) => stack);
  const own = new Set(inStacks ? ownColumns : ownColumns.filter((name) => !stackColumns.has(name)));
  for (const column of own) names.delete(column);
  return tableOf(records, [...new Set([...weightWatcherColumns, ...names, ...own])]);
}

const weightWatcherColumns = [
  ...['layer_id', 'name', 'D', 'Lambda', 'M', 'N', 'Q', 'alpha', 'alpha_weighted', 'entropy'],
  ...['has_esd', 'lambda_max', 'layer_type', 'log_alpha_norm', 'log_norm', 'log_spectral_norm'],
  ...['longname', 'matrix_rank', 'norm', 'num_evals', 'num_fingers', 'num_pl_spikes', 'rank_loss'],
  ...['raw_alpha', 'rf', 'sigma', 'spectral_norm', 'stable_rank', 'status', 'sv_max', 'sv_min'],
  ...['warning', 'weak_rank_loss', 'xmax', 'xmin'],
];

const ownColumns = [
  ...[
    'weight',
    'block',
    'stack',
    'stack_block',
    'role',
    'kind',
    'dtype',
    'shape',
    'interval_low',
    'interval_high',
  ],
  ...['spurious', 'weak', 'precision', 'imprecise', 'digest', 'reason'],
];

/** Only where there are several stacks of blocks: the name of the row's, and the number of its block there. */
const stackColumns: ReadonlySet<string> = new Set(['stack', 'stack_block']);

/** What WeightWatcher calls these things; its metrics have our names and come from the row. */
function weightWatcherCells(row: MatrixRow, index: number, farms: boolean): Cells {
  const longname = row.name.replace(/\.weight$/, '');
  const identity = {
    layer_id: index,
    longname,
    name: longname.split('.').at(-1)!,
    layer_type: layerType(row),
    status: row.status === 'ok' ? 'success' : row.status,
    has_esd: row.status === 'ok',
    ...sides(row),
  };
  const fit = measured(row);
  if (!fit) return identity;
  const { M, rf } = sides(row);
  const { matrix_rank: rank } = fit.metrics;
  const [smallest, top] = fit.spectrum?.range ?? [];
  const largest = fit.metrics['spectral_norm'] ?? top;
  return {
    ...identity,
    D: fit.ks,
    alpha: fit.alpha,
    sigma: fit.stderr,
    xmin: fit.xmin,
    num_pl_spikes: fit.tail,
    Lambda: fit.lambda,
    // It counts one less than it leaves out.
    num_fingers: fit.fingers && fit.fingers - 1,
    raw_alpha: fit.rawAlpha,
    lambda_max: largest,
    // Where fingers were set aside, the fitted tail ends before the largest eigenvalue.
    xmax: fit.fingers ? undefined : largest,
    sv_max: largest === undefined ? undefined : Math.sqrt(largest),
    // Metrics of the row come on top; float32 may not have resolved the smallest eigenvalue.
    sv_min: smallest === undefined || fit.precision === 'f32' ? undefined : Math.sqrt(smallest),
    // Windows of a matrix have more eigenvalues than the matrix.
    rank_loss: M === undefined || rank === undefined || farms ? undefined : M * rf! - rank,
    // It has no word for the far end of under-trained.
    warning: fit.warning === 'spurious' ? 'under-trained' : fit.warning,
  };
}

/** What a fit that says nothing leaves empty. */
const weakCells: Cells = {
  D: undefined,
  alpha: undefined,
  sigma: undefined,
  xmin: undefined,
  xmax: undefined,
  num_pl_spikes: undefined,
  Lambda: undefined,
  num_fingers: undefined,
  raw_alpha: undefined,
};

/** @param main the name of the main stack, where there are others */
function ownCells(row: MatrixRow, main: string | undefined): Cells {
  const fit = measured(row);
  return {
    weight: row.name,
    block: row.block,
    stack: row.stack?.name ?? (row.block === undefined ? undefined : main),
    stack_block: row.stack?.block ?? row.block,
    role: row.role,
    kind: row.kind,
    dtype: row.dtype,
    shape: row.shape.join('x'),
    interval_low: fit?.interval?.[0],
    interval_high: fit?.interval?.[1],
    spurious: fit && fit.warning === 'spurious',
    weak: fit?.weak,
    precision: fit?.precision,
    imprecise: fit?.imprecise,
    digest: row.digest,
    reason: row.status === 'ok' ? undefined : row.reason,
  };
}

/** The smaller and the larger side, their ratio, and the size of the receptive field. */
function sides({ shape }: MatrixRow): { M?: number; N?: number; Q?: number; rf?: number } {
  const [first, second, ...positions] = shape;
  if (first === undefined || second === undefined) return {};
  const [M, N] = [Math.min(first, second), Math.max(first, second)];
  const rf = positions.reduce((product, length) => product * length, 1);
  return { M, N, ...(M > 0 && { Q: N / M }), rf };
}

function layerType({ shape, kind, inputFirst }: MatrixRow): string {
  if (kind === 'norm' || kind === 'embedding') return kind;
  if (shape.length === 4) return 'conv2d';
  if (shape.length === 3 || inputFirst) return 'conv1d';
  return shape.length === 2 ? 'dense' : 'unknown';
}

function measured(row: MatrixRow): AnalysedRow | undefined {
  return row.status === 'ok' ? row : undefined;
}

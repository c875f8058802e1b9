/** Small documents made by hand. */
import type {
  Allocation,
  AnalysedRow,
  Analysis,
  BlockRow,
  MatrixRow,
  UnanalysedRow,
} from '@alphalora/contracts';

/** A measured projection; its place in the model is read off names such as `h.3.q_proj.weight`. */
export function measuredRow(
  name: string,
  alpha: number,
  more: Partial<AnalysedRow> = {},
): AnalysedRow {
  const [, block, role] = /\.(\d+)\..*?(\w+)\.weight$/.exec(name) ?? [];
  const row: AnalysedRow = {
    name,
    shape: [4, 4],
    dtype: 'F32',
    status: 'ok',
    ...(block !== undefined && { block: Number(block), role: role!, kind: 'projection' }),
    alpha,
    xmin: 0.5,
    ks: 0.1,
    tail: 3,
    stderr: 0.2,
    metrics: {},
    ...more,
  };
  return row;
}

export function failedRow(name: string, reason = 'contains NaN'): UnanalysedRow {
  return { name, shape: [4, 4], dtype: 'F32', status: 'failed', reason };
}

export function skippedRow(name: string, more: Partial<UnanalysedRow> = {}): UnanalysedRow {
  const reason = 'not a matrix';
  return { name, shape: [4], dtype: 'F32', status: 'skipped', reason, ...more };
}

export function analysisOf(
  matrices: MatrixRow[],
  blocks: Array<Partial<BlockRow>> = [],
  options: Record<string, unknown> = {},
): Analysis {
  return {
    schemaVersion: 1,
    kind: 'analysis',
    tool: { name: 'alphalora', version: '1' },
    model: { source: 'memory', blocks: blocks.length },
    options: { estimator: 'ks', aggregate: 'mean', engine: 'wasm', ...options },
    matrices,
    blocks: blocks.map((block, index) => ({ index, matrices: 1, ...block })),
    timings: { seconds: 1 },
  };
}

export function allocationOf(experts: number[], more: Partial<Allocation> = {}): Allocation {
  return {
    schemaVersion: 1,
    kind: 'allocation',
    rounding: 'largest-remainder',
    policy: { name: 'alphalora', version: '1', options: { beta: 2.5 } },
    budget: { unit: 'experts', total: experts.reduce((sum, count) => sum + count, 0) },
    blocks: experts.map((count, index) => ({
      index,
      score: 2,
      share: 1 / experts.length,
      experts: count,
      topK: 1,
    })),
    experts,
    topK: experts.map(() => 1),
    ...more,
  };
}

/**
 * Documents for tests: spectra drawn from a Marchenko-Pastur bulk with a Pareto tail of a chosen
 * exponent, so that everything in them is consistent and known.
 */
import type {
  AllocatedBlock,
  Allocation,
  AnalysedRow,
  Analysis,
  BlockRow,
  MatrixRow,
  SpectrumSummary,
} from '@alphalora/contracts';
import type { NamedScore } from '@alphalora/documents/comparison';

const roles = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'];
const DRAWS = 200;

interface Options {
  blocks?: number;
  /** Eigenvalues of each matrix. */
  size?: number;
  /** Exponents by block and projection, seven a block; random between 2 and 5 unless given. */
  alphas?: readonly number[];
  seed?: number;
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function analysisOf(options: Options = {}): Analysis {
  const { blocks = 4, size = 400, seed = 1 } = options;
  const random = randomSource(seed);
  const alphas =
    options.alphas ?? Array.from({ length: blocks * roles.length }, () => 2 + 3 * random());
  const matrices: MatrixRow[] = [
    {
      name: 'model.embed_tokens.weight',
      shape: [32000, 4096],
      dtype: 'BF16',
      kind: 'embedding',
      status: 'skipped',
      reason: 'an embedding, not a projection of a block',
    },
  ];
  for (let block = 0; block < blocks; block++) {
    for (const [i, role] of roles.entries()) {
      const shape = i < 4 ? [4096, 4096] : role === 'down_proj' ? [4096, 11008] : [11008, 4096];
      const part = i < 4 ? 'self_attn' : 'mlp';
      const name = `model.layers.${block}.${part}.${role}.weight`;
      const identity = { name, shape, dtype: 'BF16', block, role, kind: 'projection' } as const;
      matrices.push(measuredRow(identity, alphas[block * roles.length + i]!, size, random));
    }
    matrices.push({
      name: `model.layers.${block}.input_layernorm.weight`,
      shape: [4096],
      dtype: 'BF16',
      block,
      role: 'input_layernorm',
      kind: 'norm',
      status: 'skipped',
      reason: 'not a matrix',
    });
  }
  return {
    schemaVersion: 1,
    kind: 'analysis',
    tool: { name: 'alphalora', version: '0.1.0' },
    model: {
      source: 'hf://example/seven-billion',
      architecture: 'LlamaForCausalLM',
      blocks,
      digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
    },
    options: {
      estimator: 'fix-finger',
      aggregate: 'mean',
      engine: 'wasm',
      precision: 'auto',
      build: 'relaxed',
      bootstrap: DRAWS,
      seed: 0,
      splitFused: false,
    },
    matrices,
    blocks: Array.from({ length: blocks }, (_, block) => blockRow(block, matrices)),
    timings: { seconds: 612.4 },
  };
}

type Identity = Pick<AnalysedRow, 'name' | 'shape' | 'dtype'> & Partial<AnalysedRow>;

/** A row whose spectrum has `tail` eigenvalues with exactly the quantiles of a power law. */
function measuredRow(
  identity: Identity,
  alpha: number,
  size: number,
  random: () => number,
): AnalysedRow {
  const tail = Math.round(size * (0.12 + 0.3 * random()));
  const [low, high] = [0.02, 2];
  const bulk = bulkQuantiles(low, high, size - tail);
  const xmin = 0.75 * high;
  const top = Array.from(
    { length: tail },
    (_, i) => xmin * (1 - (i + random()) / (tail + 1)) ** (-1 / (alpha - 1)),
  );
  const eigenvalues = [...bulk.map((value) => value * 0.75), ...top].sort((a, b) => a - b);
  const fitted = hill(eigenvalues, tail);
  const stderr = (fitted - 1) / Math.sqrt(tail);
  // No power law has an exponent of 1 or less.
  const draws = Array.from({ length: DRAWS }, () =>
    Math.max(1.001, fitted + 1.4 * stderr * normal(random)),
  );
  const sorted = draws.toSorted((a, b) => a - b);
  const sum = eigenvalues.reduce((total, value) => total + value, 0);
  return {
    ...identity,
    status: 'ok',
    alpha: fitted,
    xmin,
    ks: 0.01 + 0.05 * random(),
    tail,
    stderr,
    interval: [sorted[5]!, sorted[194]!],
    draws,
    ...(fitted > 8
      ? { warning: 'spurious' }
      : fitted > 6
        ? { warning: 'under-trained' }
        : fitted < 2
          ? { warning: 'over-trained' }
          : {}),
    spectrum: summarized(eigenvalues),
    precision: 'f32',
    metrics: {
      num_evals: size,
      norm: sum,
      log_norm: Math.log10(sum),
      spectral_norm: eigenvalues.at(-1)!,
      log_spectral_norm: Math.log10(eigenvalues.at(-1)!),
      stable_rank: sum / eigenvalues.at(-1)!,
      matrix_rank: size,
      entropy: 0.9,
      alpha_weighted: fitted * Math.log10(eigenvalues.at(-1)!),
      log_alpha_norm: fitted,
      noise_sigma: 0.01,
      noise_min: low * 0.75,
      noise_max: high * 0.75,
      above_noise: tail,
      noise_softrank: (high * 0.75) / eigenvalues.at(-1)!,
      detX_num: tail,
    },
  } as AnalysedRow;
}

/** Quantiles of Marchenko and Pastur's density between two edges, by summing it up. */
function bulkQuantiles(low: number, high: number, count: number): number[] {
  const steps = 2000;
  const xs = Array.from({ length: steps }, (_, i) => low + ((i + 0.5) / steps) * (high - low));
  let total = 0;
  const cumulative = xs.map((x) => {
    total += Math.sqrt((high - x) * (x - low)) / x;
    return total;
  });
  let at = 0;
  return Array.from({ length: count }, (_, i) => {
    while (cumulative[at]! < ((i + 0.5) / count) * total) at++;
    return xs[at]!;
  });
}

function hill(ascending: readonly number[], tail: number): number {
  const top = ascending.slice(-tail);
  return 1 + tail / top.reduce((sum, value) => sum + Math.log(value / top[0]!), 0);
}

function summarized(ascending: readonly number[]): SpectrumSummary {
  const [first, last] = [ascending[0]!, ascending.at(-1)!];
  const counts = new Array<number>(100).fill(0);
  for (const value of ascending) {
    const place = (Math.log10(value) - Math.log10(first)) / Math.log10(last / first);
    counts[Math.min(99, Math.floor(100 * place))]! += 1;
  }
  const sizes = Array.from({ length: 48 }, (_, i) =>
    Math.round(5 * (ascending.length / 5) ** (i / 47)),
  );
  const tail = [...new Set(sizes)];
  return {
    range: [first, last],
    counts,
    cuts: { tail, alpha: tail.map((n) => hill(ascending, n)) },
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function blockRow(index: number, matrices: readonly MatrixRow[]): BlockRow {
  const rows = matrices.filter(
    (row): row is AnalysedRow => row.status === 'ok' && row.block === index,
  );
  const alphas = rows.map(({ alpha }) => alpha);
  const mean = average(alphas);
  const draws = Array.from({ length: DRAWS }, (_, i) => average(rows.map((row) => row.draws![i]!)));
  draws.sort((a, b) => a - b);
  return {
    index,
    alpha: mean,
    matrices: rows.length,
    range: [Math.min(...alphas), Math.max(...alphas)],
    spread: Math.sqrt(average(alphas.map((alpha) => (alpha - mean) ** 2))),
    interval: [draws[5]!, draws[194]!],
  };
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Experts in proportion to alpha^2.5, five a block, tested by the draws of the rows. */
export function allocationOf(analysis: Analysis): Allocation {
  const total = 5 * analysis.blocks.length;
  const rows = analysis.matrices.filter((row) => row.status === 'ok');
  const byBlock = analysis.blocks.map(({ index }) => rows.filter(({ block }) => block === index));
  const alphas = byBlock.map((group) => average(group.map(({ alpha }) => alpha)));
  const experts = shared(alphas, total);
  const drawn = Array.from({ length: DRAWS }, (_, i) =>
    shared(
      byBlock.map((group) => average(group.map((row) => row.draws![i]!))),
      total,
    ),
  );
  const weights = alphas.map((alpha) => alpha ** 2.5);
  const blocks = analysis.blocks.map(({ index }, i): AllocatedBlock => {
    const counts = drawn.map((vector) => vector[i]!).sort((a, b) => a - b);
    const group = byBlock[i]!;
    const without = group.map((row) => {
      const others = group.filter((other) => other !== row).map(({ alpha }) => alpha);
      return { row, experts: shared(alphas.with(i, average(others)), total)[i]! };
    });
    without.sort((a, b) => Math.abs(b.experts - experts[i]!) - Math.abs(a.experts - experts[i]!));
    const { row, experts: left } = without[0]!;
    return {
      index,
      score: alphas[i]!,
      share: weights[i]! / weights.reduce((a, b) => a + b, 0),
      experts: experts[i]!,
      topK: Math.min(2, experts[i]!),
      robustness: {
        changed: counts.filter((count) => count !== experts[i]).length / DRAWS,
        experts: [counts[5]!, counts[194]!],
        driver: { name: row.name, role: row.role!, alpha: row.alpha, experts: left },
      },
    };
  });
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy: {
      name: 'alphalora',
      version: '0.1.0',
      options: { beta: 2.5 },
      rule: 'in proportion to alpha to the power of 2.5: the less trained a block is, the more it gets',
    },
    budget: { unit: 'experts', total, min: 1 },
    rounding: 'largest-remainder',
    blocks,
    experts,
    topK: experts.map((count) => Math.min(2, count)),
    parameters: { rank: 8, trainable: 660_224 * total },
    robustness: {
      draws: DRAWS,
      distance: average(
        drawn.map((vector) =>
          vector.reduce((sum, count, i) => sum + Math.abs(count - experts[i]!), 0),
        ),
      ),
    },
  };
}

function shared(alphas: readonly number[], total: number): number[] {
  const weights = alphas.map((alpha) => alpha ** 2.5);
  const sum = weights.reduce((a, b) => a + b, 0);
  const quotas = weights.map((weight) => (total * weight) / sum);
  const floors = quotas.map(Math.floor);
  const order = quotas
    .map((quota, i) => ({ i, rest: quota - floors[i]! }))
    .sort((a, b) => b.rest - a.rest);
  const left = total - floors.reduce((a, b) => a + b, 0);
  for (const { i } of order.slice(0, left)) floors[i]! += 1;
  return floors;
}

/** Of q_proj and k_proj: one that rises from block to block, one that falls, and one of blocks alone. */
export function scoresOf(blocks: number): NamedScore[] {
  const depths = Array.from({ length: blocks }, (_, block) => block);
  const score = (name: string, source: string, of: (depth: number) => number): NamedScore => ({
    ...{ name, source },
    blocks: depths.map((block) => ({ block, score: of(block) })),
    projections: depths.flatMap((block) =>
      ['q_proj', 'k_proj'].map((role, i) => ({
        ...{ name: `model.layers.${block}.self_attn.${role}.weight`, block, role },
        score: of(block) + i / 2,
      })),
    ),
  });
  return [
    score('hill', 'hill.json', (depth) => 2 + depth),
    score('explained-variance', 'scores.json', (depth) => 1 / (depth + 1)),
    { ...score('<i>mine</i>', 'mine.csv', (depth) => depth % 3), projections: [] },
  ];
}

/**
 * Thresholds on an analysis: `<name><comparison><number>`, such as `alpha>6`, `stable_rank<2`,
 * `block.spread>=0.8` or `failed>0`, so that a pipeline can stop at a model whose spectra look wrong.
 * Fits that say nothing (`weak`) cross no threshold but `weak` itself.
 */
import { AlphaLoraError, type AnalysedRow, type Analysis, hasAlpha } from '@alphalora/contracts';
import { blockLabel } from './stacks.js';

type Comparison = '>' | '>=' | '<' | '<=';

const comparisons: Record<Comparison, (value: number, limit: number) => boolean> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

export interface Threshold {
  /** As it was written, for messages. */
  text: string;
  /** What messages call it, such as the option that it was given by. @default 'threshold' */
  label?: string;
  name: string;
  comparison: Comparison;
  limit: number;
}

/** Something on the wrong side of a threshold. */
export interface Crossing {
  /** A matrix, `block 3`, or `the analysis` where matrices are counted. */
  name: string;
  value: number;
}

const rowFields = ['alpha', 'stderr', 'ks', 'tail', 'xmin', 'lambda', 'fingers'] as const;
const blockFields = ['alpha', 'spread'] as const;
const blockNames: readonly string[] = blockFields.map((field) => `block.${field}`);
const counts = ['failed', 'skipped', 'weak'] as const;

/**
 * @param label what messages call it, such as the option that it was given by
 * @throws AlphaLoraError `INVALID_OPTION` when the text is not a threshold
 */
export function parseThreshold(text: string, label?: string): Threshold {
  const [, name, comparison, number] = /^\s*([\w.]+)\s*([<>]=?)\s*(\S+)\s*$/.exec(text) ?? [];
  const limit = Number(number);
  const unknown = name?.includes('.') && !blockNames.includes(name);
  if (name === undefined || Number.isNaN(limit) || unknown) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${label ?? 'threshold'} '${text}' is not <name><comparison><number>, such as alpha>6: the comparison is ` +
        `one of ${Object.keys(comparisons).join(' ')}, the name ${rowFields.join(', ')}, a metric ` +
        'such as stable_rank, block.alpha, block.spread, failed, skipped or weak',
    );
  }
  const threshold = { text, name, comparison: comparison as Comparison, limit };
  return label === undefined ? threshold : { ...threshold, label };
}

/**
 * Refuses names that no measurement can have, before the time for it is spent.
 *
 * @param metrics those that will be computed
 * @throws AlphaLoraError `INVALID_OPTION`
 */
export function requireMeasured(
  thresholds: readonly Threshold[],
  metrics: readonly string[],
): void {
  const known: readonly string[] = [...rowFields, ...metrics, ...blockNames, ...counts];
  for (const threshold of thresholds) {
    if (!known.includes(threshold.name)) throw unknownName(threshold, known);
  }
}

function unknownName(
  { text, label = 'threshold', name }: Threshold,
  known: Iterable<string>,
): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `${label} '${text}': nothing in this analysis has a "${name}"; it knows ${[...known].join(', ')}`,
  );
}

/**
 * What lies on the wrong side of a threshold, the farthest first.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when something was measured, but nothing of that name
 */
export function crossings(analysis: Analysis, threshold: Threshold): Crossing[] {
  const { name, comparison, limit } = threshold;
  const known = namedValues(analysis);
  const values = known.get(name);
  if (!values && known.has('alpha')) throw unknownName(threshold, known.keys());
  const crossed = (values ?? []).filter(({ value }) => comparisons[comparison](value, limit));
  const sign = comparison.startsWith('>') ? -1 : 1;
  return crossed.sort((a, b) => sign * (a.value - b.value));
}

/** Everything that a threshold can be about, by name. */
function namedValues({ matrices, blocks, stacks = [] }: Analysis): Map<string, Crossing[]> {
  const values = new Map<string, Crossing[]>();
  const add = (key: string, name: string, value: number | undefined): void => {
    if (value === undefined) return;
    const list = values.get(key);
    if (list) list.push({ name, value });
    else values.set(key, [{ name, value }]);
  };
  for (const row of matrices.filter((row): row is AnalysedRow => row.status === 'ok')) {
    if (hasAlpha(row)) for (const field of rowFields) add(field, row.name, row[field]);
    for (const [metric, value] of Object.entries(row.metrics)) add(metric, row.name, value);
  }
  const all = [
    ...blocks.map((block) => ({ block, name: `block ${blockLabel(block)}` })),
    ...stacks.flatMap(({ name, blocks: own }) =>
      own.map((block) => ({ block, name: `block ${block.index} of ${name}` })),
    ),
  ];
  for (const { block, name } of all) {
    for (const field of blockFields) add(`block.${field}`, name, block[field]);
  }
  for (const status of counts) {
    // What another shard measures is not skipped.
    const rows = matrices.filter((row) =>
      status === 'weak'
        ? row.status === 'ok' && !hasAlpha(row)
        : row.status === status && !('shard' in row),
    );
    add(status, 'the analysis', rows.length);
  }
  return values;
}

/**
 * Thresholds on an analysis, for `--fail-on`: `<name><comparison><number>`, such as `alpha>6`,
 * `stable_rank<2`, `block.spread>=0.8` or `failed>0`, so that a pipeline can stop at a model whose
 * spectra look wrong. Fits that say nothing (`weak`) cross no threshold but `weak` itself.
 */
import { AlphaLoraError, type AnalysedRow, type Analysis } from '@alphalora/contracts';
import { hasAlpha } from '@alphalora/htsr-core';
import type { Output } from './io.js';
import { tell } from './output/printable.js';

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
  name: string;
  comparison: Comparison;
  limit: number;
}

/** The option of the commands that measure. */
export interface GateOptions {
  /** Thresholds that the analysis must not cross. */
  failOn?: Threshold[];
}

/** Something on the wrong side of a threshold. */
export interface Crossing {
  /** A matrix, `block 3`, or `the analysis` where matrices are counted. */
  name: string;
  value: number;
}

/** Crossings that a message lists one by one. */
const MOST_NAMED = 10;

const rowFields = ['alpha', 'stderr', 'ks', 'tail', 'xmin', 'lambda', 'fingers'] as const;
const blockFields = ['alpha', 'spread'] as const;
const blockNames: readonly string[] = blockFields.map((field) => `block.${field}`);
const counts = ['failed', 'skipped', 'weak'] as const;

/** @throws AlphaLoraError `INVALID_OPTION` when the text is not a threshold */
export function parseThreshold(text: string): Threshold {
  const [, name, comparison, number] = /^\s*([\w.]+)\s*([<>]=?)\s*(\S+)\s*$/.exec(text) ?? [];
  const limit = Number(number);
  const unknown = name?.includes('.') && !blockNames.includes(name);
  if (name === undefined || Number.isNaN(limit) || unknown) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `--fail-on '${text}' is not <name><comparison><number>, such as alpha>6: the comparison is ` +
        `one of ${Object.keys(comparisons).join(' ')}, the name ${rowFields.join(', ')}, a metric ` +
        'such as stable_rank, block.alpha, block.spread, failed, skipped or weak',
    );
  }
  return { text, name, comparison: comparison as Comparison, limit };
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
  for (const { text, name } of thresholds) {
    if (!known.includes(name)) throw unknownName(text, name, known);
  }
}

function unknownName(text: string, name: string, known: Iterable<string>): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `--fail-on '${text}': nothing in this analysis has a "${name}"; it knows ${[...known].join(', ')}`,
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
  if (!values && known.has('alpha')) throw unknownName(threshold.text, name, known.keys());
  const crossed = (values ?? []).filter(({ value }) => comparisons[comparison](value, limit));
  const sign = comparison.startsWith('>') ? -1 : 1;
  return crossed.sort((a, b) => sign * (a.value - b.value));
}

/** Everything that a threshold can be about, by name. */
function namedValues({ matrices, blocks }: Analysis): Map<string, Crossing[]> {
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
  for (const block of blocks) {
    for (const field of blockFields) add(`block.${field}`, `block ${block.index}`, block[field]);
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

/** Names what crossed which threshold. @returns whether anything did */
export function reportCrossings(
  analysis: Analysis,
  thresholds: readonly Threshold[],
  stderr: Output,
): boolean {
  let crossed = false;
  for (const threshold of thresholds) {
    const found = crossings(analysis, threshold);
    for (const { name, value } of found.slice(0, MOST_NAMED)) {
      // A value so close to the limit that rounding would hide the crossing is shown in full.
      const short = Number(value.toPrecision(6));
      const shown = short === threshold.limit ? value : short;
      tell(stderr, `--fail-on ${threshold.text}: ${name} has ${shown}`);
    }
    const more = found.length - MOST_NAMED;
    if (more > 0) tell(stderr, `--fail-on ${threshold.text}: and ${more} more`);
    crossed ||= found.length > 0;
  }
  return crossed;
}

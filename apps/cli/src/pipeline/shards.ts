/**
 * Division of a model's matrices over machines that do not talk to one another, and the joining of
 * what they wrote.
 */
import { AlphaLoraError, type Analysis, type MatrixRow } from '@alphalora/contracts';
import { aggregateBlocks, operations, type SpectralUnit } from '@alphalora/htsr-core';
import { withModelDigest } from './identity.js';

export interface Shard {
  /** From 1 to `count`. */
  index: number;
  count: number;
}

/** @throws AlphaLoraError `INVALID_OPTION` unless the text is `i/n` with 1 <= i <= n */
export function parseShard(text: string): Shard {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, count] = [Number(i), Number(n)];
  if (index >= 1 && index <= count) return { index, count };
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `--shard must look like 2/8, from 1/8 to 8/8, not ${text}`,
  );
}

/**
 * The shard of every matrix by name: largest first, each to the shard with the least work so far.
 * It depends on the headers only, so all machines agree without talking.
 */
export function assignShards(units: readonly SpectralUnit[], count: number): Map<string, number> {
  const ordered = units
    .map((unit) => ({ name: unit.name, work: operations(unit) }))
    .sort((a, b) => b.work - a.work);
  const loads = new Array<number>(count).fill(0);
  const shards = new Map<string, number>();
  for (const { name, work } of ordered) {
    const least = loads.indexOf(Math.min(...loads));
    loads[least]! += work;
    shards.set(name, least + 1);
  }
  return shards;
}

/**
 * Joins the parts of one analysis.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the parts overlap, leave gaps, or stem from
 * different models, options or versions
 */
export function mergeParts(parts: ReadonlyArray<{ file: string; analysis: Analysis }>): Analysis {
  const ordered = completeSet(parts);
  const [first, ...others] = ordered as [Part, ...Part[]];
  for (const other of others) requireSame(first, other);
  const matrices = first.analysis.matrices.map((_, i) => joinedRow(ordered, i));
  const { shard: _, ...document } = first.analysis;
  const { aggregate } = document.options;
  const seconds = ordered.reduce((sum, { analysis }) => sum + analysis.timings.seconds, 0);
  return withModelDigest({
    ...document,
    matrices,
    blocks: aggregateBlocks(matrices, document.blocks.length, aggregate),
    timings: { seconds },
  });
}

interface Part {
  file: string;
  analysis: Analysis;
}

function refuse(message: string): never {
  throw new AlphaLoraError('INVALID_DOCUMENT', message);
}

/** The parts in the order of their shards, none missing, none twice. */
function completeSet(parts: readonly Part[]): Part[] {
  const whole = parts.find(({ analysis }) => analysis.shard === undefined);
  if (whole) refuse(`${whole.file} is no part: it was written without --shard`);
  const counts = new Set(parts.map(({ analysis }) => analysis.shard!.count));
  if (counts.size !== 1) refuse(`the parts belong to divisions into ${[...counts].join(' and ')}`);
  const [count = 0] = counts;
  const ordered = new Array<Part>(count);
  for (const part of parts) {
    const { index } = part.analysis.shard!;
    const earlier = ordered[index - 1];
    if (earlier) refuse(`${earlier.file} and ${part.file} are both shard ${index}/${count}`);
    ordered[index - 1] = part;
  }
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((i) => !ordered[i - 1]);
  if (missing.length > 0) refuse(`missing: shard ${missing.join(', ')} of ${count}`);
  return ordered;
}

function requireSame(a: Part, b: Part): void {
  const facts = ({ analysis }: Part): Record<string, unknown> => ({
    tool: analysis.tool,
    model: analysis.model,
    ...analysis.options,
    matrices: analysis.matrices.map(({ name, shape, dtype }) => [name, shape, dtype]),
  });
  const [here, there] = [facts(a), facts(b)];
  for (const key of new Set([...Object.keys(here), ...Object.keys(there)])) {
    const [one, two] = [JSON.stringify(here[key]), JSON.stringify(there[key])];
    if (one === two) continue;
    const values = key === 'matrices' ? '' : `: ${one} and ${two}`;
    refuse(`${a.file} and ${b.file} differ in ${key}${values}`);
  }
}

/** The row of the shard that measured it; rows that no shard measures are in all parts alike. */
function joinedRow(parts: readonly Part[], position: number): MatrixRow {
  const rows = parts.map(({ analysis }) => analysis.matrices[position]!);
  const owners = rows.filter((row) => !('shard' in row));
  const [owner] = owners;
  if (!owner) refuse(`no part holds ${rows[0]!.name}`);
  const shared = owners.length === rows.length && owner.status === 'skipped';
  if (owners.length > 1 && !shared) refuse(`several parts hold ${owner.name}`);
  return owner;
}

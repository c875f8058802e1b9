/** The parts of one analysis, which machines that do not talk to one another measured, joined. */
import { AlphaLoraError, type Analysis, type MatrixRow, type Scoring } from '@alphalora/contracts';

/** An analysis of one shard, and what messages call it. */
export interface Part {
  file: string;
  analysis: Analysis;
}

/**
 * @param aggregate from the rows to those of the blocks, as `aggregateStacks` of `@alphalora/htsr-core`
 * @returns the whole analysis; `mergeParts` of `@alphalora/measuring` adds the digest of the model
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the parts overlap, leave gaps, or stem from
 *   different models, options or versions
 */
export function joinParts(
  parts: readonly Part[],
  aggregate: (analysis: Analysis, rule: Scoring) => Pick<Analysis, 'blocks' | 'stacks'>,
): Analysis {
  const ordered = completeSet(parts);
  const [first, ...others] = ordered as [Part, ...Part[]];
  for (const other of others) requireSame(first, other);
  const matrices = first.analysis.matrices.map((_, i) => joinedRow(ordered, i));
  const { shard: _, ...document } = first.analysis;
  const seconds = ordered.reduce((sum, { analysis }) => sum + analysis.timings.seconds, 0);
  return {
    ...document,
    matrices,
    ...aggregate({ ...document, matrices }, document.options),
    timings: { seconds },
  };
}

/** Missing parts that a message names. */
const MOST_NAMED = 20;

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
  const byIndex = new Map<number, Part>();
  for (const part of parts) {
    const { index } = part.analysis.shard!;
    const earlier = byIndex.get(index);
    if (earlier) refuse(`${earlier.file} and ${part.file} are both shard ${index}/${count}`);
    byIndex.set(index, part);
  }
  if (byIndex.size < count) refuse(`missing: shard ${missing(byIndex, count)} of ${count}`);
  return [...byIndex].sort(([a], [b]) => a - b).map(([, part]) => part);
}

/** Of a count that a file claims, only the first few are looked for. */
function missing(parts: ReadonlyMap<number, Part>, count: number): string {
  const found: number[] = [];
  for (let index = 1; index <= count && found.length <= MOST_NAMED; index++)
    if (!parts.has(index)) found.push(index);
  const more = found.length > MOST_NAMED ? ', ...' : '';
  return found.slice(0, MOST_NAMED).join(', ') + more;
}

function requireSame(a: Part, b: Part): void {
  const facts = ({ analysis }: Part): Record<string, unknown> => ({
    tool: analysis.tool,
    model: analysis.model,
    ...analysis.options,
    matrices: analysis.matrices.map(headerFacts),
  });
  const [here, there] = [facts(a), facts(b)];
  for (const key of new Set([...Object.keys(here), ...Object.keys(there)])) {
    const [one, two] = [JSON.stringify(here[key]), JSON.stringify(there[key])];
    if (one === two) continue;
    const values = key === 'matrices' ? '' : `: ${one} and ${two}`;
    refuse(`${a.file} and ${b.file} differ in ${key}${values}`);
  }
}

/** What every part knows of a matrix without measuring it. */
function headerFacts(row: MatrixRow): unknown[] {
  const { name, shape, dtype, block, stack, role, kind, inputFirst, partOf } = row;
  return [name, shape, dtype, block, stack, role, kind, inputFirst, partOf];
}

/** The row of the shard that measured it; rows that no shard measures are in all parts alike. */
function joinedRow(parts: readonly Part[], position: number): MatrixRow {
  const rows = parts.map(({ analysis }) => analysis.matrices[position]!);
  const owners = rows.filter((row) => !('shard' in row));
  const [owner] = owners;
  const { name } = rows[0]!;
  if (!owner) refuse(`no part holds ${name}`);
  if (owners.length > 1) {
    const shared = owners.length === rows.length && owner.status === 'skipped';
    if (!shared) refuse(`several parts hold ${name}`);
    const other = owners.findIndex((row) => JSON.stringify(row) !== JSON.stringify(owner));
    if (other > 0) refuse(`${parts[0]!.file} and ${parts[other]!.file} differ in ${name}`);
    return owner;
  }
  const index = rows.indexOf(owner) + 1;
  const wrong = rows.findIndex(
    (row) => row !== owner && (row as { shard?: number }).shard !== index,
  );
  if (wrong >= 0) {
    refuse(
      `${parts[wrong]!.file} says that another part than ${parts[index - 1]!.file} holds ${name}`,
    );
  }
  return owner;
}

/**
 * Policies side by side on equal terms: the same layers and the same budget, by each of several
 * scores; how far apart their allocations are, how far each moves when the measurement or its exponent
 * changes, and how alike the scores are. Plain data.
 */
import {
  type Allocation,
  AlphaLoraError,
  type Analysis,
  defined,
  isAlphaLoraError,
  type Scoring,
} from '@alphalora/contracts';
import { amountOf } from '@alphalora/documents';
import { compareScores, type ScoreComparison } from '@alphalora/documents/comparison';
import type { AllocationJob } from './allocate.js';
import { namedScore, type ScoreSource } from './score-sources.js';

/** A policy to compare. */
export interface Candidate {
  /** What the comparison calls it. */
  label: string;
  /** The policy's options. */
  options?: Readonly<Record<string, unknown>>;
  /** Name of the one score to allocate by; where there is none, all alphas and all scores from elsewhere. */
  score?: string;
  /**
   * Whether it claims to follow the score (`traits.monotone`). One that does not, and gives the same by
   * every score, as `uniform` does, is shown once.
   */
  followsScore?: boolean;
  /** As a rule `(job) => allocate({ ...job, policy })`. */
  allocate(job: AllocationJob): Promise<Allocation>;
}

export interface PoliciesToCompare {
  candidates: readonly Candidate[];
  /** At least one, from `scoreSources`. */
  scores: readonly ScoreSource[];
  /**
   * Layers, budget and the rest of the request by any of the scores, or by one of their analyses under
   * another rule from projections to blocks; without a policy's options.
   */
  jobFor(source: ScoreSource): AllocationJob;
  /** The same measurements under another rule from projections to blocks, from `@alphalora/htsr-core`. */
  reaggregated(analysis: Analysis, scoring: Partial<Scoring>): Analysis;
}

export interface PolicyComparison {
  kind: 'comparison';
  of: 'policies';
  budget: Allocation['budget'];
  /** What the layers were judged by. */
  scores: Array<{
    name: string;
    file: string;
    of: 'alpha' | 'metric' | 'scores';
    /** The model that was measured. */
    source: string;
    /** Of alphas. */
    estimator?: string;
    aggregate?: Scoring['aggregate'];
  }>;
  /** Blocks or projections, in their order, with each score by its name. */
  layers: Array<{ block: number; name?: string; scores: Record<string, number> }>;
  /** A policy by a score each. */
  policies: ComparedPolicy[];
  /** L1 distances in units of the resource: of the policy of the row from that of the column. */
  distances: number[][];
  /** What was to be compared by every score, and refused some of them. */
  omitted: Array<{ label: string; score: string; reason: string }>;
  /** How alike the scores are, where there are several. */
  agreement?: ScoreComparison;
}

interface ComparedPolicy {
  /** Name, options and, where the columns rest on several, the score: `alphalora:beta=1@hill`. */
  label: string;
  policy: Allocation['policy'];
  /** Name of the score; absent where it gives the same by every score. */
  score?: string;
  /** By layer. */
  amounts: number[];
  parameters?: Allocation['parameters'];
  /** L1 distance of its allocation from the one above when a single thing is different. */
  sensitivity: Array<{ change: Change; distance: number }>;
}

/** What is different: the aggregate, or the exponent of a policy with one. */
export type Change = Pick<Scoring, 'aggregate'> | { beta: number };

const aggregates: ReadonlyArray<Scoring['aggregate']> = ['mean', 'median', 'trimmed', 'geometric'];
/** As published, plain proportions, and beyond. */
const betas: readonly number[] = [2.5, 1, 4];

/**
 * @throws AlphaLoraError as the candidates do; an exponent that one of them refuses is left out, and so
 *   are scores that it refuses while it takes others; `INVALID_OPTION` for scores of different layers
 */
export async function comparePolicies(request: PoliciesToCompare): Promise<PolicyComparison> {
  const { candidates, scores, jobFor } = request;
  const jobs = scores.map((source) => ({ source, job: jobFor(source) }));
  requireSameLayers(jobs);
  const omitted: PolicyComparison['omitted'] = [];
  const columns: Column[] = [];
  for (const candidate of candidates) {
    const found: Column[] = [];
    const refusals: unknown[] = [];
    for (const { source, job } of chosenFor(candidate, jobs)) {
      try {
        const base = await candidate.allocate({
          ...job,
          ...defined({ options: candidate.options }),
        });
        found.push({ candidate, source, base, amounts: amountsOf(base) });
      } catch (error) {
        if (candidate.score !== undefined || !isAlphaLoraError(error, 'INVALID_OPTION'))
          throw error;
        refusals.push(error);
        omitted.push({ label: candidate.label, score: source.name, reason: error.message });
      }
    }
    if (found.length === 0) throw refusals[0];
    columns.push(...(isOne(candidate, found) ? [{ ...found[0]!, once: true }] : found));
  }
  const policies: ComparedPolicy[] = [];
  for (const column of distinct(columns)) {
    policies.push(await compared(column, request));
  }
  const [{ job }] = jobs as [(typeof jobs)[0]];
  return {
    kind: 'comparison',
    of: 'policies',
    budget: columns[0]!.base.budget,
    scores: scores.map(identity),
    layers: job.layers.map(({ block, name }, i) => ({
      ...{ block, ...defined({ name }) },
      scores: Object.fromEntries(
        jobs.map(({ source, job: own }) => [source.name, own.layers[i]!.score]),
      ),
    })),
    policies,
    distances: policies.map((a) => policies.map((b) => distance(a.amounts, b.amounts))),
    omitted,
    ...(scores.length > 1 && { agreement: compareScores(scores.map(namedScore)) }),
  };
}

interface Column {
  candidate: Candidate;
  source: ScoreSource;
  base: Allocation;
  amounts: number[];
  /** Whether it stands for all scores. */
  once?: boolean;
  label?: string;
}

type Job = { source: ScoreSource; job: AllocationJob };

/** @throws AlphaLoraError `INVALID_OPTION` where there is no score of that name */
function chosenFor({ label, score }: Candidate, jobs: readonly Job[]): readonly Job[] {
  if (score === undefined) return jobs.filter(({ source }) => source.metric === undefined);
  const chosen = jobs.filter(({ source }) => source.name === score);
  if (chosen.length > 0) return chosen;
  const names = jobs.map(({ source }) => source.name).join(', ');
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${label}@${score}: there is no score ${JSON.stringify(score)}, only ${names}; analyze --metrics measures metrics`,
    { details: { score } },
  );
}

function isOne({ score, followsScore }: Candidate, found: readonly Column[]): boolean {
  if (score !== undefined || followsScore || found.length < 2) return false;
  return found.every(({ amounts }) => distance(amounts, found[0]!.amounts) === 0);
}

/** With their labels, each once. */
function distinct(columns: readonly Column[]): Array<Column & { label: string }> {
  const several = new Set(columns.map(({ source }) => source)).size > 1;
  const labelled = columns.map((column) => {
    const { candidate, source, once } = column;
    const by = several && !once ? `@${source.name}` : '';
    return { ...column, label: candidate.label + by };
  });
  return [...new Map(labelled.map((column) => [column.label, column])).values()];
}

async function compared(
  { candidate, source, base, amounts, once, label }: Column & { label: string },
  { jobFor, reaggregated }: PoliciesToCompare,
): Promise<ComparedPolicy> {
  const ask = (from: ScoreSource, more: Record<string, unknown> = {}): Promise<Allocation> =>
    candidate.allocate({ ...jobFor(from), options: { ...candidate.options, ...more } });
  const { analysis } = source;
  const sensitivity: ComparedPolicy['sensitivity'] = [];
  const vary = (change: Change, allocation: Allocation): void => {
    sensitivity.push({ change, distance: distance(amounts, amountsOf(allocation)) });
  };
  // Only alphas are aggregated, and those of single projections are not.
  const aggregated = base.budget.per !== 'projection' && identity(source).of === 'alpha';
  for (const aggregate of aggregated ? aggregates : []) {
    if (aggregate === analysis.options.aggregate) continue;
    const other = { ...source, analysis: reaggregated(analysis, { aggregate }) };
    vary({ aggregate }, await ask(other));
  }
  for (const beta of betas) {
    if (beta === base.policy.options['beta']) continue;
    const allocation = await ask(source, { beta }).catch((error: unknown) => {
      if (isAlphaLoraError(error, 'INVALID_OPTION')) return undefined;
      throw error;
    });
    if (allocation?.policy.options['beta'] === beta) vary({ beta }, allocation);
  }
  const { policy, parameters } = base;
  return {
    ...{ label, policy },
    ...(!once && { score: source.name }),
    ...{ amounts, ...defined({ parameters }), sensitivity },
  };
}

/** One list of layers is behind all columns. */
function requireSameLayers(jobs: readonly Job[]): void {
  const keys = jobs.map(({ job }) => job.layers.map(({ block, name }) => name ?? block));
  const odd = keys.findIndex(
    (own) => own.length !== keys[0]!.length || own.some((key, i) => key !== keys[0]![i]),
  );
  if (odd === -1) return;
  const { file } = jobs[odd]!.source;
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    `${file} has other layers (${keys[odd]!.length}) than ${jobs[0]!.source.file} ` +
      `(${keys[0]!.length}): give analyses and scores of one model`,
    { details: { file } },
  );
}

function identity({
  name,
  file,
  analysis,
  metric,
  scores,
}: ScoreSource): PolicyComparison['scores'][0] {
  const { estimator, aggregate } = analysis.options;
  const of = scores ? 'scores' : metric === undefined ? 'alpha' : 'metric';
  return {
    ...{ name, file, of, source: analysis.model.source },
    ...(of === 'alpha' && { estimator, aggregate }),
  };
}

function amountsOf({ budget, blocks, projections }: Allocation): number[] {
  const layers = budget.per === 'projection' ? projections! : blocks;
  return layers.map((layer) => amountOf(layer, budget.unit)!);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, amount, i) => sum + Math.abs(amount - b[i]!), 0);
}

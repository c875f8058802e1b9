/**
 * Policies side by side on equal terms: the same layers and the same budget; how far apart their
 * allocations are, and how far each moves when the measurement or its exponent changes. Plain data.
 */
import {
  type Allocation,
  type Analysis,
  defined,
  isAlphaLoraError,
  type Scoring,
} from '@alphalora/contracts';
import { amountOf } from '@alphalora/documents';
import type { AllocateOptions } from './allocate.js';

/** What is to be allocated, as plain data, whoever does it. */
export type AllocationJob = Omit<AllocateOptions, 'policy' | 'signal' | 'timeout'>;

/** A policy to compare. */
export interface Candidate {
  /** What the comparison calls it. */
  label: string;
  /** The policy's options. */
  options?: Readonly<Record<string, unknown>>;
  /** As a rule `(job) => allocate({ ...job, policy })`. */
  allocate(job: AllocationJob): Promise<Allocation>;
}

export interface PoliciesToCompare {
  candidates: readonly Candidate[];
  /** At least one, of the same blocks; the allocations are made from the first. */
  analyses: ReadonlyArray<{ file: string; analysis: Analysis }>;
  /** Layers, budget and the rest of the request for any of the analyses; without a policy's options. */
  jobFor(analysis: Analysis): AllocationJob;
  /** The same measurements under another rule from projections to blocks, from `@alphalora/htsr-core`. */
  reaggregated(analysis: Analysis, scoring: Partial<Scoring>): Analysis;
}

export interface PolicyComparison {
  kind: 'comparison';
  of: 'policies';
  budget: Allocation['budget'];
  /** The first one is what the allocations are made from; the others are for the sensitivity. */
  analyses: Array<{
    file: string;
    source: string;
    estimator: string;
    aggregate: Scoring['aggregate'];
  }>;
  /** Blocks or projections, in their order, with the scores of the first analysis. */
  layers: Array<{ block: number; name?: string; score: number }>;
  policies: ComparedPolicy[];
  /** L1 distances in units of the resource: of the policy of the row from that of the column. */
  distances: number[][];
}

interface ComparedPolicy {
  /** Name and options, unlike those of the others. */
  label: string;
  policy: Allocation['policy'];
  /** By layer. */
  amounts: number[];
  parameters?: Allocation['parameters'];
  /** L1 distance of its allocation from the one above when a single thing is different. */
  sensitivity: Array<{ change: Change; distance: number }>;
}

/** What is different: another analysis (by its file), aggregate, or exponent of a policy with one. */
export type Change = { analysis: string } | Pick<Scoring, 'aggregate'> | { beta: number };

const aggregates: ReadonlyArray<Scoring['aggregate']> = ['mean', 'median', 'trimmed', 'geometric'];
/** As published, plain proportions, and beyond. */
const betas: readonly number[] = [2.5, 1, 4];

/**
 * @throws AlphaLoraError as the candidates do; an exponent that one of them refuses is left out
 */
export async function comparePolicies({
  candidates,
  analyses,
  jobFor,
  reaggregated,
}: PoliciesToCompare): Promise<PolicyComparison> {
  const [{ analysis }, ...others] = analyses as [(typeof analyses)[0], ...typeof analyses];
  const { layers } = jobFor(analysis);
  const policies: ComparedPolicy[] = [];
  let budget: Allocation['budget'] | undefined;
  for (const candidate of candidates) {
    const ask = (from: Analysis, more: Record<string, unknown> = {}): Promise<Allocation> =>
      candidate.allocate({ ...jobFor(from), options: { ...candidate.options, ...more } });
    const base = await ask(analysis);
    budget ??= base.budget;
    const amounts = amountsOf(base);
    const sensitivity: ComparedPolicy['sensitivity'] = [];
    const vary = (change: Change, allocation: Allocation): void => {
      sensitivity.push({ change, distance: distance(amounts, amountsOf(allocation)) });
    };
    for (const other of others) vary({ analysis: other.file }, await ask(other.analysis));
    // Alphas of single projections are not aggregated.
    for (const aggregate of base.budget.per === 'projection' ? [] : aggregates) {
      if (aggregate === analysis.options.aggregate) continue;
      vary({ aggregate }, await ask(reaggregated(analysis, { aggregate })));
    }
    for (const beta of betas) {
      if (beta === base.policy.options['beta']) continue;
      const allocation = await ask(analysis, { beta }).catch((error: unknown) => {
        if (isAlphaLoraError(error, 'INVALID_OPTION')) return undefined;
        throw error;
      });
      if (allocation?.policy.options['beta'] === beta) vary({ beta }, allocation);
    }
    const { policy, parameters } = base;
    const { label } = candidate;
    policies.push({ label, policy, amounts, ...defined({ parameters }), sensitivity });
  }
  return {
    kind: 'comparison',
    of: 'policies',
    budget: budget!,
    analyses: analyses.map(({ file, analysis: { model, options } }) => ({
      file,
      source: model.source,
      estimator: options.estimator,
      aggregate: options.aggregate,
    })),
    layers: layers.map(({ block, name, score }) => ({ block, ...defined({ name }), score })),
    policies,
    distances: policies.map((a) => policies.map((b) => distance(a.amounts, b.amounts))),
  };
}

function amountsOf({ budget, blocks, projections }: Allocation): number[] {
  const layers = budget.per === 'projection' ? projections! : blocks;
  return layers.map((layer) => amountOf(layer, budget.unit)!);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, amount, i) => sum + Math.abs(amount - b[i]!), 0);
}

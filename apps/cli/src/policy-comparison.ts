/**
 * Policies side by side on equal terms: the same layers and the same budget; how far apart their
 * allocations are, and how far each moves when the measurement or its exponent changes. Plain data,
 * for `--json`.
 */
import type { Aggregate, Allocation, Analysis } from '@alphalora/contracts';
import { isAlphaLoraError } from '@alphalora/contracts';
import { amountOf } from '@alphalora/documents';
import { type AllocatingOptions, jobFor, reaggregated } from './allocating.js';
import type { OpenPolicy } from './plugins/open-policy.js';

export interface PolicyComparison {
  kind: 'comparison';
  of: 'policies';
  budget: Allocation['budget'];
  /** The first one is what the allocations are made from; the others are for the sensitivity. */
  analyses: Array<{ file: string; source: string; estimator: string; aggregate: Aggregate }>;
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
export type Change = { analysis: string } | { aggregate: Aggregate } | { beta: number };

const aggregates: readonly Aggregate[] = ['mean', 'median', 'trimmed'];
/** As published, plain proportions, and beyond. */
const betas: readonly number[] = [2.5, 1, 4];

/** A policy to compare, what it is called in the comparison, and its options. */
export interface Candidate {
  label: string;
  policy: OpenPolicy;
  set: Record<string, unknown>;
}

/** @param analyses at least one, of the same blocks */
export async function comparePolicies(
  candidates: readonly Candidate[],
  analyses: ReadonlyArray<{ file: string; analysis: Analysis }>,
  options: AllocatingOptions,
): Promise<PolicyComparison> {
  const [{ analysis }, ...others] = analyses as [(typeof analyses)[0], ...typeof analyses];
  const { layers } = jobFor({ analysis }, options);
  const policies: ComparedPolicy[] = [];
  let budget: Allocation['budget'] | undefined;
  for (const { label, policy, set } of candidates) {
    const ask = (from: Analysis, more: Record<string, unknown> = {}): Promise<Allocation> =>
      policy.allocate(jobFor({ analysis: from }, { ...options, set: { ...set, ...more } }));
    const base = await ask(analysis);
    budget ??= base.budget;
    const amounts = amountsOf(base);
    const sensitivity: ComparedPolicy['sensitivity'] = [];
    const vary = (change: Change, allocation: Allocation): void => {
      sensitivity.push({ change, distance: distance(amounts, amountsOf(allocation)) });
    };
    for (const other of others) vary({ analysis: other.file }, await ask(other.analysis));
    // Alphas of single projections are not aggregated.
    for (const aggregate of options.per === 'block' ? aggregates : []) {
      if (aggregate === analysis.options.aggregate) continue;
      vary({ aggregate }, await ask(reaggregated(analysis, aggregate)));
    }
    for (const beta of betas) {
      if (beta === base.policy.options['beta']) continue;
      const allocation = await ask(analysis, { beta }).catch((error: unknown) => {
        if (isAlphaLoraError(error, 'INVALID_OPTION')) return undefined;
        throw error;
      });
      if (allocation?.policy.options['beta'] === beta) vary({ beta }, allocation);
    }
    const { parameters } = base;
    policies.push({
      label,
      policy: base.policy,
      amounts,
      ...(parameters && { parameters }),
      sensitivity,
    });
  }
  return {
    ...({ kind: 'comparison', of: 'policies', budget: budget! } as const),
    analyses: analyses.map(({ file, analysis: { model, options: measured } }) => ({
      file,
      source: model.source,
      estimator: measured.estimator,
      aggregate: measured.aggregate,
    })),
    layers: layers.map(({ block, name, score }) => ({ block, ...(name && { name }), score })),
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

/** What becomes of the policy's answer: integers, bounds and budgets, and what the host refuses. */
import { isAlphaLoraError } from '@alphalora/contracts';
import type { PolicyLayer } from '@alphalora/contracts/extensions';
import type { Outcome } from '@alphalora/contracts/testing';
import { amountOf, resourceNames, resources } from '@alphalora/documents';
import { allocate } from '../allocate.js';
import {
  ask,
  type Examine,
  forEachResource,
  numbersOf,
  type Sample,
  type Subject,
  sampleOf,
} from './subject.js';

const slack = 1e-9;

/** Integers, where the resource comes in integers. */
export const integers: Examine = (subject) =>
  forEachResource(subject, async (resource) => {
    if (!resources[resource].whole) return;
    const values = await quantities(subject, sampleOf(subject, resource));
    const at = values.findIndex((value) => !Number.isInteger(value));
    return at < 0 ? undefined : { failed: `${resource}: layer ${at} gets ${values[at]}` };
  });

export const bounds: Examine = (subject) =>
  forEachResource(subject, async (resource) => {
    const sample = sampleOf(subject, resource);
    const { min, max } = sample.budget;
    const values = await quantities(subject, sample);
    const at = values.findIndex((value) => value < min - slack || value > max + slack);
    return at < 0
      ? undefined
      : { failed: `${resource}: layer ${at} gets ${values[at]}, outside of ${min} to ${max}` };
  });

/** Weights meet the total exactly; quantities of the policy's own never exceed it. */
export const total: Examine = (subject) => {
  if (!hasTotal(subject)) return { skipped: 'multipliers have no total' };
  return forEachResource(subject, async (resource) => {
    const sample = sampleOf(subject, resource);
    if (sample.budget.total === undefined) return;
    return overspent(subject, sample, await quantities(subject, sample));
  });
};

/** Every layer at its minimum and nothing left: met, or refused as out of reach by name. */
export const smallestBudget: Examine = (subject) => {
  if (!hasTotal(subject)) return { skipped: 'multipliers have no total' };
  return forEachResource(subject, async (resource) => {
    const { layers, budget } = sampleOf(subject, resource);
    if (budget.total === undefined) return;
    const sample = { layers, budget: { ...budget, total: budget.min * layers.length } };
    try {
      return overspent(subject, sample, await quantities(subject, sample));
    } catch (error) {
      const honest = subject.policy.traits.answer === 'values';
      if (honest && isAlphaLoraError(error, 'INFEASIBLE_BUDGET')) return;
      return { failed: `${resource}: a total of ${sample.budget.total}: ${error}` };
    }
  });
};

export const infeasibleBudget: Examine = (subject) => {
  if (!hasTotal(subject)) return { skipped: 'multipliers have no total' };
  return forEachResource(subject, async (resource) => {
    const { layers, budget } = sampleOf(subject, resource);
    if (budget.total === undefined) return;
    // Sparsity and selection have no minimum above zero; more than everything is out of reach.
    const unreachable =
      budget.min > 0 ? budget.min * layers.length - 1 : (budget.max + 1) * layers.length;
    const given = { layers, budget: { ...budget, total: unreachable } };
    return refusal(subject, given, 'INFEASIBLE_BUDGET', `a total of ${unreachable} ${resource}`);
  });
};

export const scoresThatAreNone: Examine = (subject) =>
  forEachResource(subject, (resource) => {
    const { layers, budget } = sampleOf(subject, resource);
    const odd: PolicyLayer[] = layers.with(2, { ...layers[2]!, score: Number.NaN });
    return refusal(subject, { layers: odd, budget }, 'INVALID_OPTION', 'a score that is NaN');
  });

export const unknownResource: Examine = (subject) => {
  const claimed = subject.policy.traits.resources;
  const other = resourceNames.find((resource) => !claimed.includes(resource));
  if (!other) return { skipped: 'the policy claims every resource' };
  return refusal(subject, sampleOf(subject, other), 'INVALID_OPTION', `a budget of ${other}`);
};

/** Of weights what the host makes of them, of values the policy's own, so that faults show. */
async function quantities(subject: Subject, sample: Sample): Promise<readonly number[]> {
  if (subject.policy.traits.answer === 'weights') return throughHost(subject, sample);
  const reply = await ask(subject, sample);
  if ('error' in reply) throw reply.error;
  return numbersOf(subject, reply) ?? [];
}

async function throughHost(
  { policy, options, seed, timeout }: Subject,
  { layers, budget: { resource: unit, ...budget } }: Sample,
): Promise<number[]> {
  const { blocks } = await allocate({
    layers,
    policy,
    seed,
    timeout,
    options: options as Readonly<Record<string, unknown>>,
    budget: { unit, ...budget },
  });
  return blocks.map((block) => amountOf(block, unit)!);
}

function overspent({ policy }: Subject, sample: Sample, values: readonly number[]): Outcome {
  const { layers, budget } = sample;
  // Sparsity counts parameters: a mean weighted by them, times the number of layers.
  const sizes = layers.map(({ parameters }) => parameters);
  const weighted = !resources[budget.resource].whole && sizes.some((size) => size > 0);
  const all = sizes.reduce((a, b) => a + b, 0) / layers.length;
  const spent = values.reduce((sum, n, i) => sum + (weighted ? (n * sizes[i]!) / all : n), 0);
  const limit = budget.total!;
  const over = spent - limit;
  const unmet = policy.traits.answer === 'weights' && over < 0;
  return over > slack * Math.max(1, limit) || unmet
    ? { failed: `${budget.resource}: ${spent} in all, of a total of ${limit}` }
    : undefined;
}

function hasTotal({ policy }: Subject): boolean {
  return policy.traits.resources.some((one) => resources[one].shared);
}

async function refusal(
  subject: Subject,
  sample: Sample,
  code: 'INVALID_OPTION' | 'INFEASIBLE_BUDGET',
  what: string,
): Promise<Outcome> {
  try {
    const values = await throughHost(subject, sample);
    return { failed: `${what} was answered by [${values}]; expected ${code}` };
  } catch (error) {
    if (isAlphaLoraError(error, code)) return undefined;
    return { failed: `${what} ended in ${error}; expected ${code}` };
  }
}

/**
 * The host of the policies: asks one what each layer should get, turns weights into integers within
 * the bounds and the budget, or checks quantities against them, and writes the Allocation down.
 * Whatever a policy does, the result is an allocation that meets the budget, or an error.
 */
import {
  type AllocatedModel,
  type Allocation,
  AlphaLoraError,
  defined,
  mostUnits,
  type Rounding,
} from '@alphalora/contracts';
import type { AllocationPolicy, PolicyLayer } from '@alphalora/contracts/extensions';
import { defaultResource } from '@alphalora/documents';
import { apportion } from './apportion/index.js';
import { type Budget, type BudgetOptions, budgetOf, kindOf } from './budget/budget.js';
import { requirePolicy } from './define-policy.js';
import { ask, nameOf, optionsFor, requireFacts, requireScoredBy, ruleOf } from './host/ask.js';
import { documentOf } from './host/document.js';
import type { Guard } from './host/guarded.js';
import { boundNotes, routerNotes } from './host/notes.js';
import { integer } from './integer.js';
import type { EmptyBlock, Layer } from './layers.js';
import { costOfUnit, mostOf } from './parameters.js';
import { roundings, roundShares } from './rounding/index.js';

export interface AllocateOptions {
  /**
   * From `layersOf` or `layersFromScores`; of the same kind as the budget's `per`, and scored with the
   * policy's metric where it has one.
   */
  layers: readonly Layer[];
  /** From `emptyBlocks`: blocks that are in the document, with nothing. */
  empty?: readonly EmptyBlock[];
  /** The model that they are of: `allocatedModel(analysis)` of `@alphalora/documents`. */
  model?: AllocatedModel;
  /** Name of the stack of blocks that they are of, where the model has several. */
  stack?: string;
  // biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
  policy: AllocationPolicy<any>;
  /** The policy's options. */
  options?: Readonly<Record<string, unknown>>;
  /**
   * What is shared out: the unit (default experts), per block or projection, and the total in units,
   * trainable parameters (a ceiling, for experts and rank) or as the average of the layers (of bits
   * and sparsity weighted by their parameters). Multipliers have no total. Bounds by default: 1 or
   * more experts or ranks (no minimum under the rounding `official`), 1 to 16 bits, a sparsity of 0
   * to 1.
   */
  budget: BudgetOptions;
  /** From weights to integers that cost the same each. @default 'largest-remainder' */
  rounding?: Rounding;
  /** Experts selected per token in layers that have as many; fewer elsewhere. @default 2 */
  topK?: number;
  /** LoRA rank of each expert. @default 8 */
  rank?: number;
  /**
   * Counts a router among the trainable parameters also where there is one expert, as the released code of MoLA and
   * AlphaLoRA makes it; training here makes none, as it would learn nothing. @default false
   */
  routerForOne?: boolean;
  /**
   * The share of the model's parameters that the scores rest on: `coverageOf(analysis)` of
   * `@alphalora/documents`. @default 1
   */
  covers?: number;
  /** Of the policy's random numbers, where it draws any. @default 0 */
  seed?: number;
  /** Time for the policy's answer, in milliseconds. @default 10000 */
  timeout?: number;
  /** Ends the wait for the policy's answer with its reason. */
  signal?: AbortSignal;
}

/** What is to be allocated, as plain data, whoever does it. */
export type AllocationJob = Omit<AllocateOptions, 'policy' | 'signal' | 'timeout'>;

/**
 * A rank is never above the smaller side of its matrix, nor that of a block above the smallest of its
 * matrices; where one is that large, the document says so in `cap`.
 *
 * @returns a document whose quantities are within the bounds and the budget: the total exactly, or
 *   for trainable parameters and unequal layers as near below it as single units allow
 * @throws AlphaLoraError `INVALID_OPTION` for values out of range, options that the policy refuses or
 *   facts that it needs and the layers lack; `INFEASIBLE_BUDGET` when the bounds and the total
 *   contradict; `POLICY_FAILED` when the policy throws, gives no answer in time or one that is none
 */
export async function allocate(request: AllocateOptions): Promise<Allocation> {
  const prepared = await prepare(request);
  return allocationFor(prepared, await decide(prepared, prepared.layers));
}

/**
 * Checks everything of a request that the scores do not change: options, bounds and the total, before they are
 * measured. The policy is not asked.
 *
 * @throws AlphaLoraError as {@link allocate} does for the same request
 */
export async function requireAllocatable(request: AllocateOptions): Promise<void> {
  await prepare(request);
}

/** A request that was checked, with everything that does not depend on the scores. */
export interface Prepared {
  policy: AllocateOptions['policy'];
  options: Record<string, unknown>;
  /** In the policy's own words. */
  rule: string | undefined;
  layers: readonly (Layer & PolicyLayer)[];
  empty: readonly EmptyBlock[];
  model: AllocatedModel | undefined;
  stack: string | undefined;
  budget: Budget;
  rounding: Rounding;
  topK: number;
  rank: number;
  routerForOne: boolean;
  covers: number;
  seed: number;
  guard: Guard;
}

export async function prepare(request: AllocateOptions): Promise<Prepared> {
  const { policy, rounding = 'largest-remainder', empty = [], model, stack, signal } = request;
  const rank = integer('rank', request.rank ?? 8, 1);
  const topK = integer('topK', request.topK ?? 2, 1);
  const seed = integer('seed', request.seed ?? 0, 0);
  const timeout = integer('timeout', request.timeout ?? 10_000, 1);
  if (!roundings.includes(rounding)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `unknown rounding "${rounding}": choose one of ${roundings.join(', ')}`,
    );
  }
  const { covers = 1, routerForOne = false } = request;
  if (!(covers >= 0 && covers <= 1)) {
    throw new AlphaLoraError('INVALID_OPTION', `covers is a share from 0 to 1, not ${covers}`);
  }
  requirePolicy(policy);
  const { unit = defaultResource, per = 'block' } = request.budget;
  const kind = kindOf(unit);
  const costed = request.layers.map((layer, index) => ({
    ...layer,
    index,
    cost: costOfUnit(kind, layer, rank),
    most: mostOf(kind, layer),
  }));
  requireLayers(costed, per);
  const budget = budgetOf(request.budget, costed, rounding);
  const layers = costed.map(({ most, ...layer }, i) => ({
    ...layer,
    price: budget.relativePrices[i]!,
    ...(most < budget.max && { max: most }),
  }));
  const { measure } = budget;
  if (rounding !== 'largest-remainder' && (!kind.adapter || measure === 'parameters')) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `the rounding ${rounding} is for experts and ranks that are counted, not for ` +
        (measure === 'parameters' ? 'a budget in parameters' : unit),
    );
  }
  if (!policy.traits.resources.includes(unit)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `policy ${policy.name} is for ${policy.traits.resources.join(', ')}, not for ${unit}`,
      { details: { policy: policy.name } },
    );
  }
  requireScoredBy(policy, request.layers);
  requireFacts(policy, layers);
  const guard = { name: policy.name, timeout, signal };
  const options = await optionsFor(policy, request.options ?? {}, guard);
  const rule = await ruleOf(policy, options, per, guard);
  const question = { policy, options, rule, layers, empty, model, stack, budget };
  return { ...question, rounding, topK, rank, routerForOne, covers, seed, guard };
}

interface Decided {
  weights?: readonly number[];
  quantities: readonly number[];
}

/** Asks the policy about layers that may differ from the prepared ones in their scores only. */
export async function decide(prepared: Prepared, layers: Prepared['layers']): Promise<Decided> {
  const { policy, rounding, budget } = prepared;
  const answer = await ask({ ...prepared, layers: Object.freeze(layers.map(factsFor)) });
  if (policy.traits.answer === 'values') return { quantities: answer };
  const { min, maxima: max, prices, limit } = budget;
  const alike = prices.every((price) => price === prices[0]);
  const quantities = alike
    ? roundShares(rounding, answer, Math.floor(limit / prices[0]!), { min, max })
    : apportion({ weights: answer, costs: prices, budget: limit, min, max });
  return { weights: answer, quantities };
}

export function allocationFor(prepared: Prepared, decided: Decided): Allocation {
  const { policy, options, rule, layers, empty, model, stack, budget } = prepared;
  const { rounding, topK, rank, routerForOne, covers } = prepared;
  const { name, version } = policy;
  requireSane(prepared, decided);
  return documentOf({
    policy: { name, version, options: { ...options }, ...defined({ rule }) },
    ...defined({ model, stack }),
    empty,
    budget: budget.stated,
    ...(policy.traits.answer === 'weights' && { rounding }),
    layers,
    ...decided,
    topK,
    rank,
    routerForOne,
    covers,
    notes: [
      ...boundNotes({ budget, layers, ...decided }),
      ...routerNotes({ budget, topK, routerForOne, ...decided }),
    ],
  });
}

/** @throws AlphaLoraError `INVALID_OPTION` for more than a document can hold */
function requireSane({ budget, rank, layers }: Prepared, { quantities }: Decided): void {
  if (!budget.kind.adapter) return;
  const { unit } = budget.stated;
  const over = quantities.findIndex((amount) => Math.abs(amount) > mostUnits);
  if (over === -1 && rank <= mostUnits) return;
  const what =
    over === -1 ? `rank ${rank}` : `${quantities[over]} ${unit} of ${nameOf(layers[over]!)}`;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${what} is more than the ${mostUnits} that an allocation can hold: give less`,
  );
}

/** What a policy sees of a layer, and cannot change. */
function factsFor(layer: Layer & PolicyLayer): PolicyLayer {
  const { index, block, score, inputs, outputs, parameters, cost, price, max } = layer;
  const facts = { index, block, score, inputs, outputs, parameters, cost, price };
  const { role, name, variance } = layer;
  return Object.freeze({
    ...facts,
    ...defined({ role, name, variance, max }),
  });
}

function requireLayers(layers: readonly Layer[], per: 'block' | 'projection'): void {
  if (layers.length === 0) throw new AlphaLoraError('INVALID_OPTION', 'there are no layers');
  const seen = new Set<string | number>();
  for (const layer of layers) {
    const { name, block, score } = layer;
    if (!Number.isFinite(score)) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        score === undefined
          ? `${nameOf(layer)} has no score`
          : `${nameOf(layer)} has the score ${score}`,
        { details: { block } },
      );
    }
    if (per === 'projection' && name === undefined) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `a budget per projection needs projections, and block ${block} is none: take the layers ` +
          "from layersOf(analysis, { per: 'projection' }), or name them for layersFromScores",
      );
    }
    const key = per === 'block' ? block : name!;
    if (seen.has(key)) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${per} ${key} is there twice` +
          (per === 'block'
            ? ": give each block one score, or allocate to projections by --per projection (per: 'projection')"
            : ''),
      );
    }
    seen.add(key);
  }
}

/**
 * The host of the policies: asks one for weights, turns them into integers within the budget and
 * writes the Allocation down. Policies never round, so none can break a budget.
 */
import {
  type Allocation,
  type AllocationPolicy,
  AlphaLoraError,
  type Rounding,
} from '@alphalora/contracts';
import type { Layer } from './layers.js';
import { parametersPerExpert } from './parameters.js';
import { defaultMinimum, roundings, roundShares } from './rounding/index.js';

export interface AllocateOptions<Options extends object> {
  layers: readonly Layer[];
  policy: AllocationPolicy<Options>;
  /** Experts in all. */
  total: number;
  /** The policy's options. */
  options?: Readonly<Record<string, unknown>>;
  /** @default 'largest-remainder' */
  rounding?: Rounding;
  /** Fewest experts of a block. @default 1, no bound under `official` */
  min?: number;
  /** Most experts of a block. @default no bound */
  max?: number;
  /** Experts selected per token in blocks that have as many; fewer elsewhere. @default 2 */
  topK?: number;
  /** LoRA rank of each expert. @default 8 */
  rank?: number;
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` for values out of range, unknown options of the policy or
 * weights that are no weights; `INFEASIBLE_BUDGET` when the bounds and the total contradict
 */
export function allocate<Options extends object>(request: AllocateOptions<Options>): Allocation {
  const { layers, policy, rounding = 'largest-remainder', rank = 8, topK = 2 } = request;
  const total = integer('total', request.total, 0);
  integer('rank', rank, 1);
  integer('topK', topK, 1);
  if (!roundings.includes(rounding)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `unknown rounding "${rounding}": choose one of ${roundings.join(', ')}`,
    );
  }
  const min = request.min === undefined ? defaultMinimum(rounding) : integer('min', request.min, 0);
  const max = request.max === undefined ? Number.POSITIVE_INFINITY : integer('max', request.max, 0);

  const options = policy.parseOptions(request.options ?? {});
  const weights = checkedWeights(policy, layers, options);
  const sum = weights.reduce((accumulated, weight) => accumulated + weight, 0);
  const experts = roundShares(rounding, weights, total, { min, max });
  const selected = experts.map((count) => Math.max(1, Math.min(topK, count)));

  const modules = layers.map((layer) => layer.modules ?? []);
  const trainable = experts.reduce(
    (accumulated, count, i) => accumulated + count * parametersPerExpert(modules[i]!, rank),
    0,
  );
  return {
    schemaVersion: 1,
    kind: 'allocation',
    policy: {
      name: policy.name,
      version: policy.version,
      options: { ...options } as Record<string, unknown>,
    },
    budget: {
      unit: 'experts',
      total,
      ...(Number.isFinite(min) && { min }),
      ...(Number.isFinite(max) && { max }),
    },
    rounding,
    blocks: layers.map(({ index, score }, i) => ({
      index,
      score,
      share: weights[i]! / sum,
      experts: experts[i]!,
      topK: selected[i]!,
    })),
    experts,
    topK: selected,
    ...(modules.every((maps) => maps.length > 0) && { parameters: { rank, trainable } }),
  };
}

function integer(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${name} must be an integer of at least ${least}, not ${value}`,
  );
}

function checkedWeights<Options extends object>(
  policy: AllocationPolicy<Options>,
  layers: readonly Layer[],
  options: Options,
): readonly number[] {
  if (layers.length === 0) throw new AlphaLoraError('INVALID_OPTION', 'there are no layers');
  const odd = layers.find(({ score }) => !Number.isFinite(score));
  if (odd) {
    throw new AlphaLoraError('INVALID_OPTION', `block ${odd.index} has the score ${odd.score}`);
  }
  const weights = policy.allocate(layers, options);
  const sound =
    weights.length === layers.length &&
    weights.every((weight) => Number.isFinite(weight) && weight >= 0) &&
    weights.some((weight) => weight > 0);
  if (sound) return weights;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `policy ${policy.name} must return one finite, non-negative weight per layer, not all zero; ` +
      `it returned [${weights.join(', ')}] for ${layers.length} layers`,
    { details: { policy: policy.name } },
  );
}

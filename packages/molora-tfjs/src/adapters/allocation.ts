/**
 * From an Allocation document to the adapter that it describes for one model: which projections get
 * how many experts, of which rank, and how many of them the router selects.
 *
 * Scalings are lora_alpha / rank (Hu et al., arXiv 2106.09685); the defaults are the recipe of
 * AlphaLoRA (arXiv 2410.10054, section 4): rank 8, lora_alpha 16, dropout 0.05. Experts of routers whose
 * paper does not scale them (ASE) are not scaled, unless a lora_alpha is given.
 */
import { type Allocation, AlphaLoraError, defined } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { createRouter } from '../experts/routers/index.js';
import type { AdaptedProjection, AdapterSpec } from './adapter-spec.js';
import { type StackedExperts, stackedExperts } from './stacked-experts.js';

export interface AdapterSpecRequest {
  allocation: Allocation;
  /** The weights of the model, as a checkpoint lists them. */
  weights: readonly WeightDescription[];
  /**
   * Roles of the projections to adapt, e.g. `q_proj`.
   * @default all that the allocation names, or all linear maps of the blocks
   */
  targets?: readonly string[];
  /** LoRA rank of each expert. @default what the allocation says, or 8 */
  rank?: number;
  /** lora_alpha. @default 16, or no scaling where the router's paper has none */
  alpha?: number;
  /** Share of the experts' inputs that is dropped while training. @default 0.05 */
  dropout?: number;
  /** @default `top-k` without options */
  router?: AdapterSpec['router'];
}

/** What one projection gets. */
interface Portion {
  experts: number;
  topK: number;
  rank?: number;
}

const DEFAULT_RANK = 8;
const DEFAULT_ALPHA = 16;
const DEFAULT_DROPOUT = 0.05;
const DEFAULT_ROUTER: AdapterSpec['router'] = { name: 'top-k', options: {} };

/**
 * Projections that get no expert, or rank 0, are left out. An allocation of ranks gives one expert
 * each.
 *
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the allocation is of something else, has counts
 *   that no adapter can have, or is of another model; `INVALID_OPTION` when an option is out of
 *   range, a target is unknown or nothing is left to adapt; `UNSUPPORTED_CHECKPOINT` when experts of
 *   the model that are stacked in one tensor should be adapted
 */
export function adapterSpec(request: AdapterSpecRequest): AdapterSpec {
  const { allocation, weights, targets } = request;
  const { alpha, dropout = DEFAULT_DROPOUT, router = DEFAULT_ROUTER } = request;
  checkExpertOptions(defined({ alpha, dropout }));
  const { unscaled = false } = createRouter(router);
  const scalingOf = (rank: number): number =>
    alpha === undefined && unscaled ? 1 : (alpha ?? DEFAULT_ALPHA) / rank;
  const { unit } = allocation.budget;
  if (unit !== 'experts' && unit !== 'rank') {
    throw mismatch(
      `it shares out ${unit}, of which no adapter can be made; allocate experts or ranks`,
    );
  }
  if (unit === 'rank' && request.rank !== undefined) {
    throw option('the allocation says the ranks; leave the option rank out');
  }
  const linear = linearMaps(weights);
  checkTargets(targets, linear);
  const stacked = stackedExperts(weights, targets, rolesOf(linear));
  const portionOf = allocation.projections
    ? byProjection(allocation, linear, stacked)
    : byBlock(allocation, linear, stacked);
  const projections = linear.flatMap((weight): AdaptedProjection[] => {
    if (targets && !targets.includes(weight.role!)) return [];
    const portion = portionOf(weight);
    if (!portion) return [];
    const { experts, topK } = portion;
    const rank =
      unit === 'rank'
        ? portion.rank
        : (request.rank ?? portion.rank ?? allocation.parameters?.rank ?? DEFAULT_RANK);
    if (!isCount(rank)) throw mismatch(`${weight.name} has the rank ${rank}`);
    if (experts === 0 || rank === 0) return [];
    const most = Math.min(weight.inputs, weight.outputs);
    if (unit === 'rank' && rank > most) {
      throw mismatch(
        `${weight.name} has the rank ${rank}, and no update of it has more than ${most}`,
      );
    }
    if (!(Number.isSafeInteger(topK) && topK >= 1 && topK <= experts)) {
      throw mismatch(`${weight.name} selects ${topK} of ${experts} experts; allocate again`);
    }
    const { name, block, role, inputs, outputs } = weight;
    return [
      {
        name: name.replace(/\.weight$/, ''),
        block,
        ...defined({ role }),
        inputs,
        outputs,
        topK,
        ranks: Array.from({ length: experts }, () => rank),
        scalings: Array.from({ length: experts }, () => scalingOf(rank)),
      },
    ];
  });
  if (projections.length === 0) {
    throw option(
      'no projection is left to adapt: the allocation gives the chosen ones no experts; choose other targets',
    );
  }
  return { projections, router, dropout };
}

interface LinearMap {
  name: string;
  block: number;
  role?: string;
  inputs: number;
  outputs: number;
}

/** The linear maps of the blocks, in the checkpoint's order of names within it. */
function linearMaps(weights: readonly WeightDescription[]): LinearMap[] {
  return weights.flatMap(({ name, kind, block, role, shape, inputFirst, stacked }) => {
    if (kind !== 'projection' || block === undefined || shape.length !== 2 || stacked) return [];
    const [outputs, inputs] = (inputFirst ? shape.toReversed() : shape) as [number, number];
    return [{ name, block, ...defined({ role }), inputs, outputs }];
  });
}

function rolesOf(linear: readonly LinearMap[]): string[] {
  return [...new Set(linear.flatMap(({ role }) => role ?? []))];
}

function checkTargets(targets: readonly string[] | undefined, linear: readonly LinearMap[]): void {
  const roles = rolesOf(linear);
  for (const target of targets ?? []) {
    if (roles.includes(target)) continue;
    throw option(
      `the model has no projection with the role ${JSON.stringify(target)}; it has ${roles.join(', ')}`,
    );
  }
}

type PortionLookup = (weight: LinearMap) => Portion | undefined;

function byProjection(
  { projections, stack }: Allocation,
  linear: readonly LinearMap[],
  stacked: StackedExperts,
): PortionLookup {
  const known = new Map(linear.map((weight) => [weight.name, weight]));
  const portions = new Map<string, Portion>();
  for (const { name, inputs, outputs, experts, topK, rank } of projections!) {
    if (stacked.has(name)) continue;
    const weight = known.get(name);
    if (!weight) {
      const whose = stack === undefined ? '' : ` (it is for the stack of blocks ${stack})`;
      throw mismatch(
        `it has the projection ${JSON.stringify(name)}, which the model has not${whose}; allocate for this model`,
      );
    }
    if (weight.inputs !== inputs || weight.outputs !== outputs) {
      throw mismatch(
        `${name} maps ${inputs} to ${outputs} there, but ${weight.inputs} to ${weight.outputs} in the model; allocate for this model`,
      );
    }
    if (portions.has(name)) throw mismatch(`${name} is there twice`);
    portions.set(name, portion(name, experts, topK, rank));
  }
  return ({ name }) => portions.get(name);
}

function byBlock(
  { blocks, budget }: Allocation,
  linear: readonly LinearMap[],
  stacked: StackedExperts,
): PortionLookup {
  stacked.requireFrozen();
  if (budget.per === 'projection') {
    throw mismatch('its budget is per projection, but it lists none; allocate again');
  }
  const inModel = new Set(linear.map(({ block }) => block));
  const portions = new Map<number, Portion>();
  for (const { index, experts, topK, rank, empty } of blocks) {
    if (empty !== undefined) continue;
    if (portions.has(index)) throw mismatch(`block ${index} is there twice`);
    portions.set(index, portion(`block ${index}`, experts, topK, rank));
  }
  const missing = [...inModel].find((block) => !portions.has(block));
  const foreign = [...portions.keys()].find((block) => !inModel.has(block));
  if (missing !== undefined || foreign !== undefined) {
    throw mismatch(
      `it is for ${portions.size} blocks, the model has ${inModel.size}; ` +
        `block ${missing ?? foreign} is in one of them only; allocate for this model`,
    );
  }
  return ({ block }) => portions.get(block);
}

function portion(
  where: string,
  experts: number | undefined,
  topK: number | undefined,
  rank: number | undefined,
): Portion {
  if (!isCount(experts)) {
    throw mismatch(
      `${where} has ${experts} experts, and 0 to ${MOST} can be trained; allocate with another rounding or total`,
    );
  }
  return { experts, topK: topK ?? Math.min(2, experts), ...defined({ rank }) };
}

/** Far beyond any adapter; a document that claims more must not cost memory. */
const MOST = 10_000;

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 0 && value! <= MOST;
}

function mismatch(what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_DOCUMENT', `the allocation does not fit: ${what}`);
}

/**
 * What is known to be wrong without the model.
 *
 * @throws AlphaLoraError `INVALID_OPTION`
 */
export function checkExpertOptions({
  alpha = DEFAULT_ALPHA,
  dropout = DEFAULT_DROPOUT,
}: Pick<AdapterSpecRequest, 'alpha' | 'dropout'>): void {
  if (!(Number.isFinite(alpha) && alpha > 0)) {
    throw option(`alpha is ${alpha}; give a positive number`);
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw option(`dropout is ${dropout}; give a share from 0 up to, but not, 1`);
  }
}

function option(what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', `cannot make an adapter: ${what}`);
}

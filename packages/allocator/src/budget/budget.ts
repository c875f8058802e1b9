/**
 * Budgets: from what the user gave to one inequality, sum price_i n_i <= limit, that every answer has
 * to meet, whatever the resource and however its total is counted.
 *
 * | measure    | experts, rank, selection | bits                   | sparsity               |
 * | ---------- | ------------------------ | ---------------------- | ---------------------- |
 * | units      | sum n                    | sum n                  | sum n, by parameters   |
 * | average    | sum n / layers           | mean n, by parameters  | mean n, by parameters  |
 * | parameters | sum of their parameters  |                        |                        |
 *
 * By parameters means weighted by the size of the layers, scaled so that their mean weight is 1: an
 * average of 4 bits is the size of the model in bits over its number of weights. Where the shapes are
 * not known, all layers weigh the same.
 */
import {
  type AllocationBudget,
  AlphaLoraError,
  defined,
  type Resource,
  type Rounding,
} from '@alphalora/contracts';
import type { PolicyBudget } from '@alphalora/contracts/extensions';
import { defaultResource, type ResourceKind, resourceNames, resources } from '@alphalora/documents';
import { integer } from '../integer.js';
import { defaultMinimum } from '../rounding/index.js';
import { requireFeasible, requireOrdered } from './feasible.js';

export type BudgetOptions = Omit<AllocationBudget, 'unit'> & { unit?: Resource };

/** What a budget depends on, of each layer. */
export interface Priced {
  /** Weights of its linear maps; 0 where the shapes are not known. */
  readonly parameters: number;
  /** Trainable parameters of one unit; 0 where the shapes are not known. */
  readonly cost: number;
  /** Most units that its shapes allow; infinite where they do not bound it. */
  readonly most: number;
  /** For messages. */
  readonly name?: string;
  readonly block: number;
}

export interface Budget {
  /** As it is written down: with the bounds, without what is the default. */
  readonly stated: AllocationBudget;
  readonly per: 'block' | 'projection';
  readonly measure: Measure;
  readonly kind: ResourceKind;
  readonly min: number;
  readonly max: number;
  /** The same for each layer, where its shapes may allow less. */
  readonly maxima: readonly number[];
  /** What one unit of each layer takes from the limit. */
  readonly prices: readonly number[];
  /** The same from the total that policies see. */
  readonly relativePrices: readonly number[];
  /** Infinite for multipliers. */
  readonly limit: number;
  /** As policies see it. */
  readonly forPolicy: PolicyBudget;
}

type Measure = NonNullable<AllocationBudget['measure']>;

const measures: readonly Measure[] = ['units', 'parameters', 'average'];

/**
 * @throws AlphaLoraError `INVALID_OPTION` for values out of range or a measure that the resource does
 *   not have, `INFEASIBLE_BUDGET` when the bounds and the total contradict
 */
export function budgetOf(
  options: BudgetOptions,
  layers: readonly Priced[],
  rounding: Rounding,
): Budget {
  const { unit = defaultResource, per = 'block', measure = 'units', total } = options;
  const kind = kindOf(unit);
  if (per !== 'block' && per !== 'projection') throw unknown('per', per, ['block', 'projection']);
  if (!measures.includes(measure)) throw unknown('measure', measure, measures);
  const { min, max } = boundsOf(options, kind, rounding);
  requireOrdered(min, max);
  const narrow = layers.find(({ most }) => most < min);
  if (narrow) {
    const { most, name = `block ${narrow.block}` } = narrow;
    throw new AlphaLoraError(
      'INFEASIBLE_BUDGET',
      `min ${min} is above ${most}, the largest rank that ${name} can have: lower min to ${most}`,
      { details: { min, max: most } },
    );
  }
  const maxima = layers.map(({ most }) => Math.min(max, most));
  const stated = {
    unit,
    ...(per !== 'block' && { per }),
    ...(measure !== 'units' && { measure }),
    ...defined({ total }),
    ...(Number.isFinite(min) && { min }),
    ...(Number.isFinite(max) && { max }),
  };
  const common = { stated, per, measure, kind, min, max, maxima };
  if (!kind.shared) {
    if (total !== undefined || measure !== 'units') {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `factors of ${unit} have no total: leave out total and measure`,
      );
    }
    const forPolicy = { resource: unit, min, max };
    const prices = layers.map(() => 0);
    return {
      ...common,
      prices,
      relativePrices: prices,
      limit: Number.POSITIVE_INFINITY,
      forPolicy,
    };
  }
  const { prices, limit, factor, unitTotal } = spendingOf(unit, kind, measure, total, layers);
  const reach = (bounds: readonly number[]): number =>
    prices.reduce((sum, price, i) => sum + price * bounds[i]!, 0) / factor;
  const bounded = maxima.some((most) => most < max);
  requireFeasible({
    total: total!,
    smallest: reach(layers.map(() => min)),
    largest: reach(maxima),
    among:
      `${layers.length} ${per}s with ${boundsInWords(min, max)}` +
      (bounded ? ', and no rank above the smaller side of its matrix' : ''),
    raisable: maxima.some((most, i) => most < layers[i]!.most),
    given: measure === 'average' ? 'average' : 'total',
    of: measure === 'parameters' ? 'trainable parameters' : undefined,
    slack: kind.whole && measure !== 'average' ? 0 : 1e-9,
  });
  const forPolicy = { resource: unit, total: unitTotal, min, max };
  const mean = prices.reduce((sum, price) => sum + price, 0) / prices.length;
  const relativePrices = prices.map((price) => price / mean);
  return { ...common, prices, relativePrices, limit, forPolicy };
}

/** @throws AlphaLoraError `INVALID_OPTION` for what is no resource */
export function kindOf(unit: Resource): ResourceKind {
  if (Object.hasOwn(resources, unit)) return resources[unit];
  throw unknown('unit', unit, resourceNames);
}

function boundsInWords(min: number, max: number): string {
  return Number.isFinite(max) ? `${min} to ${max} each` : `at least ${min} each`;
}

function boundsOf(
  options: BudgetOptions,
  kind: ResourceKind,
  rounding: Rounding,
): { min: number; max: number } {
  const bound = (name: 'min' | 'max', fallback: number): number => {
    const given = options[name];
    if (given === undefined) return fallback;
    if (kind.whole) return integer(name, given, 0);
    if (given >= 0 && given <= kind.max && Number.isFinite(given)) return given;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${name} must be a number from 0 to ${kind.max}, not ${given}`,
    );
  };
  const least = kind.adapter ? defaultMinimum(rounding) : kind.min;
  return { min: bound('min', least), max: bound('max', kind.max) };
}

interface Spending {
  prices: readonly number[];
  limit: number;
  /** How much of the limit a total of 1 is. */
  factor: number;
  /** The total over all layers in units of the resource, for policies. */
  unitTotal: number;
}

function spendingOf(
  unit: Resource,
  kind: ResourceKind,
  measure: Measure,
  total: number | undefined,
  layers: readonly Priced[],
): Spending {
  const { length: count } = layers;
  if (total === undefined) {
    throw new AlphaLoraError('INVALID_OPTION', `a budget of ${unit} needs a total`);
  }
  if (!(Number.isFinite(total) && total >= 0)) {
    throw new AlphaLoraError('INVALID_OPTION', `total must be a number from 0 on, not ${total}`);
  }
  const alike = layers.map(() => 1);
  const sized = layers.every(({ parameters }) => parameters > 0);
  const sizes = sized ? layers.map(({ parameters }) => parameters) : alike;
  const allSizes = sizes.reduce((sum, size) => sum + size, 0);

  if (measure === 'parameters') {
    if (!kind.adapter) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${unit} adds no trainable parameters: give the total as units or average`,
      );
    }
    integer('total', total, 0);
    const missing = layers.findIndex(({ cost }) => !(cost > 0));
    if (missing !== -1) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `a budget in trainable parameters needs the shapes of all layers, and those of layer ` +
          `${missing} are not known: allocate from an analysis`,
        { details: { layer: missing } },
      );
    }
    const prices = layers.map(({ cost }) => cost);
    const one = prices.reduce((sum, price) => sum + price, 0);
    return { prices, limit: total, factor: 1, unitTotal: Math.floor((total * count) / one) };
  }
  if (!kind.whole) {
    const factor = measure === 'average' ? allSizes : allSizes / count;
    const unitTotal = measure === 'average' ? total * count : total;
    return { prices: sizes, limit: total * factor, factor, unitTotal };
  }
  if (measure === 'units') {
    return { prices: alike, limit: integer('total', total, 0), factor: 1, unitTotal: total };
  }
  if (kind.weighted && sized) {
    const limit = wholePart(total * allSizes);
    return { prices: sizes, limit, factor: allSizes, unitTotal: total * count };
  }
  const units = wholePart(total * count);
  // A policy of quantities of its own may round within groups: it is told the share as it was given.
  const unitTotal = kind.adapter ? units : total * count;
  return { prices: alike, limit: units, factor: count, unitTotal };
}

/** Downwards, apart from what the multiplication may have lost. */
function wholePart(value: number): number {
  const nearest = Math.round(value);
  return Math.abs(nearest - value) <= 1e-9 * Math.max(1, nearest) ? nearest : Math.floor(value);
}

function unknown(name: string, value: unknown, known: readonly string[]): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `unknown ${name} "${value}": choose one of ${known.join(', ')}`,
  );
}

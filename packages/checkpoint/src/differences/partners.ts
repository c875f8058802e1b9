/** The weights of two checkpoints that belong together. */
import { elementTypes, pairsByPlace, type WeightTensor } from '@alphalora/contracts/weights';
import type { Checkpoint } from '../checkpoint.js';

export interface WeightPartners {
  /** Of one shape and orientation on both sides, in the order of the first checkpoint. */
  readonly pairs: ReadonlyArray<readonly [WeightTensor, WeightTensor]>;
  /** Weights of the first checkpoint with two axes or more that have no partner, and why, in words. */
  readonly without: ReadonlyMap<WeightTensor, string>;
  /** Those of the second one that are not in the first. */
  readonly more: readonly WeightTensor[];
}

/**
 * Pairs weights by their names, and by block and role where the names of the models differ. Biases,
 * gains and other vectors are left aside, and integers of the first checkpoint.
 *
 * @param name what the reasons call the second checkpoint
 */
export function weightPartners(
  first: Pick<Checkpoint, 'tensors'>,
  second: Pick<Checkpoint, 'tensors'>,
  name: string,
): WeightPartners {
  const a = first.tensors.filter((weight) => isMatrix(weight) && isFloat(weight));
  const b = second.tensors.filter(isMatrix);
  const partners = new Map(pairsByPlace(a, b));
  const taken = new Set(partners.values());
  const pairs: Array<readonly [WeightTensor, WeightTensor]> = [];
  const without = new Map<WeightTensor, string>();
  for (const weight of a) {
    const partner = partners.get(weight);
    const reason = partner ? misfitOf(weight, partner, name) : `not in ${name}`;
    if (reason !== undefined) without.set(weight, reason);
    else pairs.push([weight, partner!]);
  }
  return { pairs, without, more: b.filter((weight) => !taken.has(weight)) };
}

function isMatrix({ shape }: WeightTensor): boolean {
  return shape.length >= 2;
}

function isFloat({ dtype }: WeightTensor): boolean {
  return elementTypes[dtype].values === 'float';
}

/** Why there is no element by element of the two, if so. */
function misfitOf(weight: WeightTensor, partner: WeightTensor, name: string): string | undefined {
  const sides = ({ shape }: WeightTensor): string => `[${shape.join(', ')}]`;
  if (sides(weight) !== sides(partner)) {
    return `${sides(weight)} here and ${sides(partner)} in ${name}`;
  }
  if ((weight.inputFirst ?? false) !== (partner.inputFirst ?? false)) {
    const layout = ({ inputFirst }: WeightTensor): string =>
      inputFirst ? '[in, out]' : '[out, in]';
    return `stored as ${layout(weight)} here and as ${layout(partner)} in ${name}`;
  }
  if (!isFloat(partner)) return `values of type ${partner.dtype} in ${name}`;
  if (partner.unreadable !== undefined) return `unreadable in ${name}: ${partner.unreadable}`;
  return undefined;
}

/**
 * Roles of a whole model: where several modules of a block end in the same name, such as the `c_proj` of
 * attention and of the feed-forward part, or the `gate_proj` of routed and of shared experts, their
 * roles are as much of the path as tells them apart. A module has one role in all blocks.
 */
import type { WeightDescription } from '@alphalora/contracts/weights';
import { pathInBlock } from './index.js';
import type { Stacks } from './stacks.js';
import { crossAttentions } from './tables.js';

interface Module {
  /** What its role is where nothing else has that name. */
  readonly plain: string;
  readonly path: readonly string[];
  /** Paths of other modules in one of its blocks that end in the same name. */
  readonly others: Map<string, readonly string[]>;
}

/** @returns the weights in their order, as they are but for the roles that belong to several modules */
export function withDistinctRoles<Weight extends WeightDescription>(
  weights: readonly Weight[],
  stacks: Pick<Stacks, 'placeOf'>,
): Weight[] {
  const modules = new Map<string, Module>();
  /** By block and name. */
  const groups = new Map<string, Set<Module>>();
  const moduleOf = weights.map((weight): Module | undefined => {
    const place = placeOf(weight, stacks);
    if (!place) return undefined;
    const { role: plain = '', kind, block, stack } = weight;
    // An encoder and its decoder are one stack: what they share is called alike.
    const list = block === undefined ? place.list : [];
    const key = [...list, '', ...place.path].join('.');
    const module = modules.get(key) ?? { plain, path: place.path, others: new Map() };
    modules.set(key, module);
    if (kind === 'projection') {
      const group = [...list, block ?? stack?.block, nameOf(module)].join('.');
      groups.set(group, (groups.get(group) ?? new Set()).add(module));
    }
    return module;
  });
  for (const group of groups.values()) {
    for (const module of group.size > 1 ? group : []) {
      for (const other of group) {
        if (other !== module) module.others.set(other.path.join('.'), other.path);
      }
    }
  }
  return weights.map((weight, i) => {
    const module = moduleOf[i];
    return module && module.others.size > 0 ? { ...weight, role: qualified(module) } : weight;
  });
}

/** A part of a fused projection counts as the module that it would be by itself. */
function placeOf(
  { name, partOf, role }: WeightDescription,
  stacks: Pick<Stacks, 'placeOf'>,
): ReturnType<typeof pathInBlock> {
  const place = pathInBlock(partOf ?? name, stacks);
  if (!place || role === undefined) return undefined;
  return partOf === undefined ? place : { ...place, path: [...place.path.slice(0, -1), role] };
}

/** The last name of the path; of a role that tells more than the path, or of cross attention, all of it. */
function nameOf({ plain, path }: Module): string {
  const isPath = endOf(path, plain.split('.').length) === plain;
  return isPath && !path.some((part) => crossAttentions.test(part)) ? path.at(-1)! : plain;
}

function qualified({ plain, path, others }: Module): string {
  let length = plain.split('.').length;
  while (length < path.length) {
    const end = endOf(path, length);
    if ([...others.values()].every((other) => endOf(other, length) !== end)) break;
    length++;
  }
  // Such as the `encoder` of an encoder-decoder model, which is not in the path.
  const before = plain.split('.').filter((part) => !path.includes(part));
  return [...before, endOf(path, length)].join('.');
}

function endOf(path: readonly string[], length: number): string {
  return path.slice(-length).join('.');
}

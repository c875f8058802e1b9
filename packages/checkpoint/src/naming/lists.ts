/**
 * Lists of blocks among the names of a checkpoint. A list of a list's members (stages of blocks, as
 * Swin has) cannot be told from the parts of a block (T5's `block.0.layer.1`) by one name: the members
 * of a list are built alike, the parts of a block are not. So all names are looked at together.
 */
import * as tables from './tables.js';
import { unwrapped } from './wrappers.js';

/** One list: `model.layers`. */
export interface BlockList {
  /** Everything before the numbers of its blocks. */
  readonly name: string;
  /** The modules that it is in. */
  readonly prefix: readonly string[];
  /** Whether it is itself a member of a list, such as a stage. */
  readonly isStage: boolean;
  /** One more than the highest number. */
  readonly blocks: number;
  /** Those that there are. */
  readonly numbers: ReadonlySet<number>;
  /** Elements of all its tensors. */
  readonly parameters: number;
}

export interface BlockLists {
  readonly lists: readonly BlockList[];
  /** @returns the place of the number of the block in the name of a module; -1 where there is none */
  numberAt(module: readonly string[]): number;
}

export interface NamedShape {
  readonly name: string;
  readonly shape: readonly number[];
}

// Four digits: a block number costs memory further on, and the name may come from anybody.
const isNumber = (part: string | undefined): boolean =>
  part !== undefined && /^\d{1,4}$/.test(part);

export function blockLists(tensors: readonly NamedShape[]): BlockLists {
  const names = tensors.map(({ name }) =>
    name.length > tables.LONGEST_NAME ? [] : unwrapped(name.split('.')),
  );
  const stages = stagesAmong(names);
  /** Members of lists that are stages: what they have beside their blocks is in no block. */
  const members = new Set<string>();
  for (const parts of names) {
    const at = stageNumber(parts, stages);
    if (at >= 0) members.add(parts.slice(0, outerNumber(parts) + 1).join('.'));
  }
  const numberAt = (module: readonly string[]): number => {
    const outer = outerNumber(module);
    const inner = stageNumber(module, stages);
    if (inner >= 0) return inner;
    return members.has(module.slice(0, outer + 1).join('.')) ? -1 : outer;
  };
  const lists = new Map<
    string,
    { -readonly [Key in keyof BlockList]: BlockList[Key] } & { numbers: Set<number> }
  >();
  for (const [i, parts] of names.entries()) {
    const at = numberAt(parts);
    if (at < 0) continue;
    const name = parts.slice(0, at).join('.');
    const isStage = at > outerNumber(parts);
    const prefix = parts.slice(0, isNumber(parts[at - 1]) ? at : at - 1);
    const list = grown(lists, name, () => {
      return { name, prefix, isStage, blocks: 0, numbers: new Set<number>(), parameters: 0 };
    });
    list.numbers.add(Number(parts[at]));
    list.blocks = Math.max(list.blocks, Number(parts[at]) + 1);
    list.parameters += tensors[i]!.shape.reduce((product, length) => product * length, 1);
  }
  return { lists: [...lists.values()], numberAt };
}

/** The first number behind the name of a list. */
function outerNumber(parts: readonly string[]): number {
  return parts.findIndex(
    (part, i) =>
      i > 0 &&
      isNumber(part) &&
      (tables.blockLists.test(parts[i - 1]!) || (i === 1 && parts[0] === tables.wholeList)),
  );
}

/** The number of a list that is all that the member of the outer list consists of. */
function innerNumber(parts: readonly string[], outer: number): number {
  if (isNumber(parts[outer + 1])) return outer + 1;
  const next = parts[outer + 1];
  const isList = next !== undefined && tables.blockLists.test(next) && isNumber(parts[outer + 2]);
  return isList ? outer + 2 : -1;
}

/** The number of a block in a stage; -1 for names that are in none. */
function stageNumber(parts: readonly string[], stages: ReadonlySet<string>): number {
  const outer = outerNumber(parts);
  const inner = outer < 0 ? -1 : innerNumber(parts, outer);
  return inner >= 0 && stages.has(patternOf(parts, inner)) ? inner : -1;
}

/** The name up to a number, without any: `layers.*.blocks`. */
function patternOf(parts: readonly string[], at: number): string {
  return parts
    .slice(0, at)
    .map((part) => (isNumber(part) ? '*' : part))
    .join('.');
}

/** Patterns of lists inside of lists some members of which are built alike, from several modules. */
function stagesAmong(names: ReadonlyArray<readonly string[]>): ReadonlySet<string> {
  const members = new Map<string, Map<string, Map<string, Set<string>>>>();
  for (const parts of names) {
    const outer = outerNumber(parts);
    const at = outer < 0 ? -1 : innerNumber(parts, outer);
    if (at < 0) continue;
    const pattern = grown(members, patternOf(parts, at), () => new Map());
    const list = grown(pattern, parts[outer]!, () => new Map<string, Set<string>>());
    grown(list, parts[at]!, () => new Set<string>()).add(parts.slice(at + 1).join('.'));
  }
  return new Set(
    [...members].flatMap(([pattern, lists]) =>
      [...lists.values()].some((list) => areAlike([...list.values()])) ? [pattern] : [],
    ),
  );
}

/** Whether neighbours have more modules in common than not. */
function areAlike(members: ReadonlyArray<ReadonlySet<string>>): boolean {
  return members.slice(1).some((one, i) => {
    const other = members[i]!;
    const shared = [...one].filter((path) => other.has(path)).length;
    return Math.min(one.size, other.size) > 2 && 2 * shared > Math.max(one.size, other.size);
  });
}

function grown<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

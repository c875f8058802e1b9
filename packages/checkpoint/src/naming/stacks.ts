/**
 * The stacks of blocks in a checkpoint: every list of blocks is one, and one is the main one, the text
 * model's, whose blocks are the model's. An encoder and its decoder are the main one together, the
 * encoder's blocks first. Decided once over all names: no single name tells.
 */
import { defined } from '@alphalora/contracts';
import type { StackPlace } from '@alphalora/contracts/weights';
import { type BlockCount, countFor, isTower, sideOf } from './block-count.js';
import { type ModelConfig, modelType } from './config.js';
import { type BlockList, blockLists, type NamedShape } from './lists.js';
import * as tables from './tables.js';
import { unwrapped } from './wrappers.js';

export interface Stack {
  /** The names of its blocks before their numbers: `model.layers`. */
  readonly name: string;
  /** Those that there are: numbers may be left out. */
  readonly blocks: number;
  readonly weights: number;
  /** Elements of all its tensors. */
  readonly parameters: number;
  /** Whether its blocks are the model's; of two, the first is the encoder. */
  readonly main: boolean;
  /** Why it stands apart from the list that its names are in. */
  readonly reason?: string;
}

/** Where a module is. */
export interface Place {
  /** Among the blocks of the main stack. */
  readonly block?: number;
  /** Absent in a main stack that is one list. */
  readonly stack?: StackPlace;
  /** The module within its block, without the numbers of experts. */
  readonly path: readonly string[];
  /** Before the list of blocks. */
  readonly prefix: readonly string[];
}

export interface Stacks {
  /** The main one first. */
  readonly all: readonly Stack[];
  /** Where the main stack lacks blocks that the configuration says: what says how many. */
  readonly short?: BlockCount & {
    readonly stack: string;
    readonly blocks: number;
    /** The first that is not there. */
    readonly missing: number;
  };
  /** Where there is no list of blocks at all: how many the configuration says. */
  readonly unfound?: BlockCount;
  /** @returns undefined for a module that is in no block */
  placeOf(module: readonly string[]): Place | undefined;
}

export function stacksOf(tensors: readonly NamedShape[], config: ModelConfig = {}): Stacks {
  const { lists, numberAt } = blockLists(tensors);
  const main = mainAmong(candidatesOf(lists, config));
  const ends = new Map<string, { start: number; end: number; beyond: string }>();
  let blocks = 0;
  for (const { list, said } of main) {
    const end = Math.min(list.blocks, said?.count ?? list.blocks);
    ends.set(list.name, { start: blocks, end, beyond: nameBeyond(list, said) });
    blocks += end;
  }
  const placeOf = (module: readonly string[]): Place | undefined => {
    const at = numberAt(module);
    if (at < 0) return undefined;
    const name = module.slice(0, at).join('.');
    const block = Number(module[at]);
    const inner = module.slice(at + 1);
    // Experts are `experts.3`, or `experts.expert_3` of Switch Transformers.
    const path = inner.filter(
      (part, i) => !(/^(expert_)?\d+$/.test(part) && /experts?$/.test(inner[i - 1]!)),
    );
    const around = { path, prefix: module.slice(0, at - 1) };
    const own = ends.get(name);
    if (!own) return { stack: { name, block }, ...around };
    const { start, end, beyond } = own;
    if (block >= end) return { stack: { name: beyond, block: block - end }, ...around };
    const named = main.length > 1 && { stack: { name, block } };
    return { block: start + block, ...named, ...around };
  };
  const unfound =
    lists.length === 0 ? countFor({ name: '', prefix: [], isStage: false }, config) : undefined;
  return {
    all: summaries(tensors, main, placeOf),
    placeOf,
    ...defined({ short: shortAmong(main, config), unfound }),
  };
}

/** A list of blocks, and how many the configuration says that it has. */
interface CountedList {
  readonly list: BlockList;
  readonly said: BlockCount | undefined;
}

function shortAmong(main: readonly CountedList[], config: ModelConfig): Stacks['short'] {
  const mayLack = tables.searchedFamilies.includes(modelType(config) ?? '');
  for (const { list, said } of main) {
    if (mayLack && said && list.blocks >= said.count) continue;
    const { length } = [...list.numbers].filter((number) => said && number < said.count);
    if (!said || length === said.count) continue;
    let missing = 0;
    while (list.numbers.has(missing)) missing++;
    return { stack: list.name, blocks: length, missing, ...said };
  }
  return undefined;
}

/** What may be the main stack: each list, and each encoder together with its decoder. */
function candidatesOf(lists: readonly BlockList[], config: ModelConfig): CountedList[][] {
  const counted = lists.map((list) => ({ list, said: countFor(list, config) }));
  const halves = new Map<string, { encoder?: CountedList; decoder?: CountedList }>();
  for (const one of counted) {
    const side = one.list.isStage ? undefined : sideOf(one.list);
    if (!side) continue;
    const { prefix } = one.list;
    const at = prefix.findIndex((part) => tables.sides.test(part));
    const whole = [...prefix.slice(0, at), prefix[at]!.replace(side, '')].join('.');
    const pair = halves.get(whole) ?? {};
    const other = pair[side];
    if (!other || isBefore([one], [other])) pair[side] = one;
    halves.set(whole, pair);
  }
  const pairs = [...halves.values()].flatMap(({ encoder, decoder }) =>
    encoder && decoder ? [[encoder, decoder]] : [],
  );
  const paired = new Set(pairs.flat());
  return [...pairs, ...counted.filter((one) => !paired.has(one)).map((one) => [one])];
}

function mainAmong(candidates: ReadonlyArray<readonly CountedList[]>): readonly CountedList[] {
  const [first = [], ...others] = candidates;
  return others.reduce((best, other) => (isBefore(other, best) ? other : best), first);
}

/**
 * Whether one is rather the main stack: for it is not in a codec; else is called a text model; else has
 * the number of blocks that the configuration says; else is in nothing but modules that hold whole
 * models; else is larger.
 */
function isBefore(one: readonly CountedList[], other: readonly CountedList[]): boolean {
  const signs = (lists: readonly CountedList[]): number[] => {
    const beside = lists.some(({ list }) => isTower(list));
    return [
      Number(!lists.some(({ list }) => list.prefix.some((part) => tables.codecs.test(part)))),
      Number(!beside && lists.some(({ list }) => isTextModel(list))),
      Number(!beside && lists.every(({ list, said }) => isAsSaid(list, said))),
      Number(lists.every(({ list }) => list.prefix.every((part) => tables.wholeModels.test(part)))),
      lists.reduce((sum, { list }) => sum + list.parameters, 0),
    ];
  };
  const [a, b] = [signs(one), signs(other)];
  const at = a.findIndex((value, i) => value !== b[i]);
  return at >= 0 && a[at]! > b[at]!;
}

function isTextModel({ prefix }: BlockList): boolean {
  const [outermost = ''] = prefix;
  return (
    prefix.some((part) => tables.textModels.test(part)) && !tables.pipelineParts.test(outermost)
  );
}

function isAsSaid({ blocks }: BlockList, said: BlockCount | undefined): boolean {
  return said !== undefined && (blocks === said.count || blocks === said.count + said.extra);
}

/** The main one first, the others as the checkpoint lists them. */
function summaries(
  tensors: readonly NamedShape[],
  main: readonly CountedList[],
  placeOf: Stacks['placeOf'],
): Stack[] {
  const all = new Map<string, { -readonly [Key in keyof Stack]: Stack[Key] }>();
  const counted = new Set<string>();
  const [first] = main;
  const empty = { blocks: 0, weights: 0, parameters: 0 };
  for (const { list } of main) all.set(list.name, { name: list.name, ...empty, main: true });
  for (const { name, shape } of tensors) {
    const place =
      name.length > tables.LONGEST_NAME ? undefined : placeOf(unwrapped(name.split('.')));
    if (!place) continue;
    const { name: own, block } = place.stack ?? { name: first!.list.name, block: place.block! };
    const stack = all.get(own) ?? { name: own, ...empty, main: false, ...reasonOf(own, main) };
    if (!counted.has(`${own}.${block}`)) stack.blocks++;
    counted.add(`${own}.${block}`);
    stack.weights++;
    stack.parameters += shape.reduce((product, length) => product * length, 1);
    all.set(own, stack);
  }
  return [...all.values()];
}

/** Of the blocks of a list behind those that the configuration says. */
function nameBeyond({ name }: BlockList, said: BlockCount | undefined): string {
  return `${name}.${said?.extra ? 'mtp' : 'extra'}`;
}

/** Why they stand apart. */
function reasonOf(name: string, main: readonly CountedList[]): { reason?: string } {
  const of = main.find(({ list, said }) => said && name === nameBeyond(list, said));
  if (!of) return {};
  const { setting, count, extra } = of.said!;
  const what = extra > 0 ? 'multi-token prediction, ' : '';
  return { reason: `${what}behind the ${count} blocks of ${setting}` };
}

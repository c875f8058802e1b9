/**
 * The stacks of blocks of a model: the main one, whose blocks an analysis counts as the model's, and the
 * others. One of them is made the main one here and nowhere else, so that what works on the main one
 * works on each.
 */
import {
  type Allocation,
  AlphaLoraError,
  type Analysis,
  type BlockRow,
  defined,
  type MatrixRow,
} from '@alphalora/contracts';
import type { StackPlace } from '@alphalora/contracts/weights';

export interface StackNames {
  /** One, or the encoder and the decoder; none where the model has no other. */
  readonly main: readonly string[];
  readonly others: readonly string[];
}

export function stackNames({ model, blocks, stacks = [] }: Analysis): StackNames {
  const parts = new Set(blocks.flatMap(({ stack }) => stack?.name ?? []));
  const own = model.stack ?? (stacks.length > 0 ? 'main' : undefined);
  return {
    main: parts.size > 0 ? [...parts] : own === undefined ? [] : [own],
    others: stacks.map(({ name }) => name),
  };
}

/**
 * The name of the stack that a text stands for: the name, a module in it, or any part of it; `encoder`
 * and `decoder` are those of the main stack.
 *
 * @throws AlphaLoraError `NOT_FOUND` with the names of all, where there is none or there are several
 */
export function chosenStack({ main, others }: StackNames, text: string): string {
  const all = [...main, ...others];
  const ways: Array<(name: string) => boolean> = [
    (name) => name === text,
    (name) => main.length > 1 && main.includes(name) && sideOf(name) === text,
    (name) => name.split('.').includes(text),
    (name) => text !== '' && name.includes(text),
  ];
  const found = ways.map((way) => all.filter(way)).find((names) => names.length > 0) ?? [];
  if (found.length === 1) return found[0]!;
  const what =
    found.length > 1 ? `stands for ${found.length} stacks of blocks` : 'is no stack of blocks';
  const known =
    all.length > 0 ? `choose one of ${all.join(', ')}` : 'the model has no other than its main one';
  throw new AlphaLoraError('NOT_FOUND', `"${text}" ${what}: ${known}`, {
    details: { stack: text },
  });
}

/**
 * The analysis with another stack as the main one, whose blocks have their numbers within it. What was
 * the main one is one of the others, its encoder and its decoder each by itself.
 *
 * @param text see {@link chosenStack}
 * @throws AlphaLoraError `NOT_FOUND` as {@link chosenStack}
 */
export function analysisOfStack(analysis: Analysis, text: string): Analysis {
  const names = stackNames(analysis);
  const name = chosenStack(names, text);
  const { model, blocks, stacks: beside = [], matrices } = analysis;
  if (names.main.length === 1 && names.main[0] === name) return analysis;
  const all = [...partsOf(analysis), ...beside];
  const chosen = all.find((stack) => stack.name === name)!;
  const stacks = all.filter((stack) => stack !== chosen);
  const own = new Map(chosen.blocks.map((block) => [block.index, block]));
  const count = Math.max(-1, ...own.keys()) + 1;
  return {
    ...analysis,
    model: { ...model, blocks: count, stack: name },
    matrices: matrices.map((row) => placedIn(row, name, placesOf(blocks, names))),
    blocks: Array.from({ length: count }, (_, index) => own.get(index) ?? { index, matrices: 0 }),
    ...(stacks.length > 0 && { stacks }),
  };
}

/** The analysis with the stack that an allocation is for as the main one. */
export function analysisFor(analysis: Analysis, { stack }: Pick<Allocation, 'stack'>): Analysis {
  return stack === undefined || stack === analysis.model.stack
    ? analysis
    : analysisOfStack(analysis, stack);
}

/** Each block of the main stack by its own name and number. */
function placesOf(
  blocks: readonly BlockRow[],
  { main }: StackNames,
): (block: number) => StackPlace {
  return (block) => blocks[block]?.stack ?? { name: main[0]!, block };
}

function partsOf(analysis: Analysis): NonNullable<Analysis['stacks']> {
  const names = stackNames(analysis);
  const placeOf = placesOf(analysis.blocks, names);
  return names.main.map((name) => ({
    name,
    blocks: analysis.blocks.flatMap(({ stack: _, ...block }) => {
      const place = placeOf(block.index);
      return place.name === name ? [{ ...block, index: place.block }] : [];
    }),
  }));
}

function placedIn(
  { block: number, stack, ...row }: MatrixRow,
  name: string,
  placeOf: (block: number) => StackPlace,
): MatrixRow {
  const place = stack ?? (number === undefined ? undefined : placeOf(number));
  if (place?.name === name) return { ...row, block: place.block };
  return { ...row, ...defined({ stack: place }) };
}

/** How a block is called: by its number, and whether it is the encoder's or the decoder's. */
export function blockLabel({ index, stack }: { index: number; stack?: StackPlace }): string {
  if (!stack) return String(index);
  return `${sideOf(stack.name) ?? stack.name} ${stack.block}`;
}

/** The half of an encoder-decoder, by the outermost module that says so. */
function sideOf(name: string): string | undefined {
  const [, side] = /(?:^|[._])(encoder|decoder)(?:\.|$)/.exec(name) ?? [];
  return side;
}

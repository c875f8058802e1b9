/** Names that differ in their numbers only, as one: `model.layers.{0..29}.mlp.up_proj.weight`. */

export interface Group<Item> {
  name: string;
  /** In their order. */
  items: Item[];
}

/** A number that stands for itself: `0` in `layers.0`, but not `1` in `w1`. */
const NUMBER = /(?<![A-Za-z0-9])\d+(?![A-Za-z0-9])/g;
/** Runs of numbers that are written out; of more, the first and the last number. */
const MOST_RUNS = 4;

/**
 * @param kindOf what else the items of a group have in common
 * @returns groups in the order of their first items
 */
export function grouped<Item extends { readonly name: string }>(
  items: Iterable<Item>,
  kindOf: (item: Item) => string,
): Group<Item>[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = `${item.name.replace(NUMBER, '#')}\n${kindOf(item)}`;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return [...groups.values()].map((group) => ({ name: commonName(group), items: group }));
}

function commonName(items: ReadonlyArray<{ readonly name: string }>): string {
  const numbers: Set<number>[] = [];
  for (const { name } of items) {
    for (const [at, text] of (name.match(NUMBER) ?? []).entries()) {
      numbers[at] ??= new Set();
      numbers[at].add(Number(text));
    }
  }
  let at = 0;
  return items[0]!.name.replace(NUMBER, (text) => {
    const values = numbers[at++]!;
    return values.size === 1 ? text : `{${runsOf([...values].sort((a, b) => a - b))}}`;
  });
}

/** `0..3,5,7..9`. @param values ascending, without repetitions */
function runsOf(values: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run && value === run[1] + 1) run[1] = value;
    else runs.push([value, value]);
  }
  if (runs.length > MOST_RUNS) return `${values[0]}..${values.at(-1)}`;
  return runs.map(([first, last]) => (first === last ? first : `${first}..${last}`)).join(',');
}

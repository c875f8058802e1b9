/**
 * Keys of PEFT's `rank_pattern` and `alpha_pattern`. PEFT 0.15 and later match `(.*\.)?(key)$` from the
 * beginning of a module's name, and the first key that matches counts; it sorts the keys when it saves, so
 * that no two of these match one name. Where all of a block have the same, one key stands for them:
 * `layers\.3\..+`.
 */
import type { LoraTarget } from './modules.js';

type Named = Pick<LoraTarget, 'name' | 'before'>;

/**
 * @param targets with names that are no other's end
 * @param amountOf what each is to have
 * @param common what those have that no key matches
 */
export function patternOf<Target extends Named>(
  targets: readonly Target[],
  amountOf: (target: Target) => number,
  common: number,
): Record<string, number> {
  const names = targets.map(({ name }) => name);
  const pattern: Array<[string, number]> = [];
  const write = (group: readonly Target[], depth: number): void => {
    const values = new Set(group.map(amountOf));
    const [value] = values;
    const prefix = prefixOf(group[0]!.name, depth);
    if (values.size === 1 && prefix !== undefined && group.length > 1) {
      if (value !== common)
        pattern.push([`${anchor(`${prefix}.`, names, group)}${escaped(prefix)}\\..+`, value!]);
      return;
    }
    const deeper = grouped(group, depth + 1);
    for (const inner of deeper) write(inner, depth + 1);
    const own = new Set(deeper.flat());
    for (const target of group) {
      if (own.has(target) || amountOf(target) === common) continue;
      pattern.push([
        `${anchor(target.name, names, [target])}${escaped(target.name)}`,
        amountOf(target),
      ]);
    }
  };
  write(targets, -1);
  return Object.fromEntries(pattern);
}

/** Those with a number at this depth of their names, by all up to it. */
function grouped<Target extends Named>(targets: readonly Target[], depth: number): Target[][] {
  const groups = new Map<string, Target[]>();
  for (const target of targets) {
    const prefix = prefixOf(target.name, depth);
    if (prefix === undefined) continue;
    const group = groups.get(prefix);
    if (group) group.push(target);
    else groups.set(prefix, [target]);
  }
  return [...groups.values()];
}

/** A name up to its number of this depth, where something follows it. */
function prefixOf(name: string, depth: number): string | undefined {
  if (depth < 0) return undefined;
  const parts = name.split('.');
  const numbers = parts.flatMap((part, i) =>
    /^\d+$/.test(part) && i < parts.length - 1 ? [i] : [],
  );
  const at = numbers[depth];
  return at === undefined ? undefined : parts.slice(0, at + 1).join('.');
}

/** Binds a key to the beginning of names where names outside of the group go on like that. */
function anchor(
  start: string,
  names: readonly string[],
  group: ReadonlyArray<Pick<LoraTarget, 'name'>>,
): string {
  const own = new Set(group.map(({ name }) => name));
  const isWhole = !start.endsWith('.');
  const others = names.filter((name) => !own.has(name));
  const isAlike = others.some((name) =>
    isWhole ? name.endsWith(`.${start}`) : name.includes(`.${start}`),
  );
  return isAlike ? '^' : '';
}

/** Text that Python's expressions take as it is. */
export function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

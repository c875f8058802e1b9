/** Values of codes whose groups lie one behind the other, as those of one scale in a row of a matrix do. */
import type { Values } from '../../values/decoder.js';

/**
 * @param levels codes are below it
 * @param numberOf of a code in a group, counted from the first one of `codes`
 */
export function decodeGroups(
  codes: Uint8Array,
  target: Values,
  { size, levels }: { size: number; levels: number },
  numberOf: (code: number, group: number) => number,
): void {
  const count = target.length;
  // What a code stands for is worked out once in a group where the group has as many elements.
  const table = new Float32Array(levels);
  for (let from = 0, group = 0; from < count; from += size, group++) {
    const to = Math.min(count, from + size);
    if (to - from < levels) {
      for (let i = from; i < to; i++) target[i] = numberOf(codes[i]!, group);
      continue;
    }
    for (let code = 0; code < levels; code++) table[code] = numberOf(code, group);
    let i = from;
    for (const fours = to - 3; i < fours; i += 4) {
      target[i] = table[codes[i]!]!;
      target[i + 1] = table[codes[i + 1]!]!;
      target[i + 2] = table[codes[i + 2]!]!;
      target[i + 3] = table[codes[i + 3]!]!;
    }
    for (; i < to; i++) target[i] = table[codes[i]!]!;
  }
}

/** Numbers and lists as people read them. */

/** A minus sign as long as a plus sign. */
const signed = (text: string): string => text.replace('-', '\u2212');

/** With so many decimals; what rounds to zero has no sign. */
export function rounded(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace('-', '') : text;
}

/** Alpha and its companions: two decimals; three digits where that would be a wall of digits. */
export function decimal(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return 'not finite';
  return signed(Math.abs(value) < 1000 ? rounded(value, digits) : significant(value));
}

/** Three significant digits of something measured, with an exponent where zeros would be counted. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return 'not finite';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return plain(value);
  if (size >= 1e6 || size < 1e-3) return signed(value.toExponential(2).replace('e+', 'e'));
  return signed(size >= 1000 ? value.toFixed(0) : value.toPrecision(3));
}

/** A number that was chosen, such as an option or the tick of an axis: as short as it is. */
export function plain(value: number): string {
  return signed(String(Number(value.toPrecision(6))));
}

/** With at most one decimal. */
export function tenths(value: number): string {
  return plain(Math.round(10 * value) / 10);
}

/** `105,635,840` */
export function whole(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** `2.31 to 2.47` */
export function range([low, high]: readonly [number, number], digits = 2): string {
  return `${decimal(low, digits)} to ${decimal(high, digits)}`;
}

/** `1 block`, `2 blocks` */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${whole(number)} ${number === 1 ? one : many}`;
}

/** `a`, `a and b`, `a, b and c`; the rest is counted where there are more than `most`. */
export function list(items: readonly string[], most = 6): string {
  const shown = items.length > most ? items.slice(0, most - 1) : items;
  const rest = items.length - shown.length;
  const all = rest > 0 ? [...shown, `${rest} more`] : shown;
  if (all.length < 2) return all.join('');
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

/** `4096 × 11008` */
export function shape(sizes: readonly number[]): string {
  return sizes.length === 0 ? 'a single number' : sizes.join(' × ');
}

/** Powers of ten as they are written on an axis: `10⁻³`. */
export function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]);
  return `10${exponent < 0 ? '⁻' : ''}${digits.join('')}`;
}

/** `2.5 minutes` */
export function duration(seconds: number): string {
  if (seconds < 90) return `${significant(seconds)} seconds`;
  if (seconds < 5400) return `${decimal(seconds / 60, 1)} minutes`;
  return `${decimal(seconds / 3600, 1)} hours`;
}

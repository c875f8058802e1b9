/** Numbers in tables of text. */
import { rounded } from '../format.js';

export { count, percent, shape, significant, tenths, whole } from '../format.js';

/** With so many decimals, or `-` for none. */
export function fixed(value: number | undefined, digits = 3): string {
  return value === undefined || Number.isNaN(value) ? '-' : rounded(value, digits);
}

/** With its sign, unless it rounds to zero, or `-` for none. */
export function signed(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : withSign(rounded(value, digits));
}

/** The text of a number with its sign, unless it is zero. */
export function withSign(text: string): string {
  const value = Number(text);
  if (value === 0) return text.replace('-', '');
  return value > 0 ? `+${text}` : text;
}

/** Numbers in tables of text. */
export { count, percent, shape, significant, tenths, whole } from '../format.js';

/** With so many decimals, or `-` for none. */
export function fixed(value: number | undefined, digits = 3): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

/** With its sign, or `-` for none. */
export function signed(value: number | undefined, digits: number): string {
  return value === undefined ? '-' : `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
}

/** From what is typed behind an option to its value. Each says what it expects where that fails. */
import { AlphaLoraError } from '@alphalora/contracts';
import { parseSetting, parseThreshold, type Threshold } from '@alphalora/documents/terms';
import type { Shard } from '@alphalora/measuring';
import { InvalidArgumentError } from '@commander-js/extra-typings';

export function integer(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

export function positive(text: string): number {
  const value = integer(text);
  if (value === 0) throw new InvalidArgumentError('It must be at least 1.');
  return value;
}

export function positiveOrAuto(text: string): number | 'auto' {
  return text === 'auto' ? text : positive(text);
}

export function decimal(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('It must be a number from 0 on.');
  }
  return value;
}

/** `a,b,c` */
export function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim());
  if (list.includes(''))
    throw new InvalidArgumentError('It must be names with commas between them.');
  return list;
}

/** `2.5GB` or `800M`, in powers of ten. @returns bytes */
export function byteSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)b?$/i.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must look like 800M or 2.5GB.');
  return Number(number) * 1000 ** ' kmgt'.indexOf(unit?.toLowerCase() || ' ');
}

/** `100M`, `1.5B`, `1e9` or `160000`. */
export function quantity(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([kmbg]?)$/i.exec(text) ?? [];
  const thousands = { '': 0, k: 1, m: 2, b: 3, g: 3 }[unit?.toLowerCase() ?? ''];
  const value = Number(number) * 1000 ** thousands!;
  if (number === undefined || !Number.isSafeInteger(Math.round(value))) {
    throw new InvalidArgumentError('It must look like 160000, 100M or 1e9.');
  }
  return Math.round(value);
}

/** The number of an expert, from 0, or `mean`. */
export function expertChoice(text: string): number | 'mean' {
  if (text === 'mean') return text;
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a number from 0, or mean.');
  return Number(text);
}

/** One number, or one for each block in their order. */
export function selectedExperts(text: string): number | number[] {
  if (!/^[1-9]\d{0,4}(,[1-9]\d{0,4})*$/.test(text)) {
    throw new InvalidArgumentError('It must be a number from 1 up, or one for each block: 1,2,2.');
  }
  const counts = text.split(',').map(Number);
  return counts.length === 1 ? counts[0]! : counts;
}

/** `2000x3000`: rows along the shorter side of a matrix, and the ratio of the window's sides. */
export function windowSize(text: string): { rows: number; ratio: number } {
  const [, rows, columns] = /^(\d+)x(\d+)$/.exec(text) ?? [];
  if (rows === undefined || !(Number(rows) >= 2 && Number(columns) >= Number(rows))) {
    throw new InvalidArgumentError('It must look like 2000x3000, the shorter side first.');
  }
  return { rows: Number(rows), ratio: Number(columns) / Number(rows) };
}

/**
 * `2/8`: the second of eight parts.
 *
 * @throws AlphaLoraError `INVALID_OPTION` unless the text is `i/n` with 1 <= i <= n
 */
export function parseShard(text: string): Shard {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, count] = [Number(i), Number(n)];
  if (index >= 1 && index <= count) return { index, count };
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `--shard must look like 2/8, from 1/8 to 8/8, not ${text}`,
  );
}

/** One more threshold such as `alpha>6`. */
export function collectThreshold(text: string, thresholds: Threshold[] = []): Threshold[] {
  return [...thresholds, parseThreshold(text, '--fail-on')];
}

/** One more setting such as `beta=2.5`. */
export function collectSetting(
  text: string,
  settings: Record<string, unknown>,
): Record<string, unknown> {
  const setting = parseSetting(text);
  if (!setting) throw new InvalidArgumentError('It must look like key=value.');
  const [value] = Object.values(setting);
  if (typeof value === 'string' && text.endsWith(value) && /,\s*[A-Za-z_]\w*=/.test(value)) {
    throw new InvalidArgumentError(
      'It sets one option: repeat --set for another, or write text with commas as key=\'"a,b=c"\'.',
    );
  }
  return { ...settings, ...setting };
}

/** Warnings about analyses that were made with different settings. */
import type { Output } from '../io.js';
import { tell } from './printable.js';

/**
 * @param options by name: the value of each analysis
 * @param names of the analyses, in the same order
 */
export function tellDiffering(
  options: Readonly<Record<string, readonly unknown[]>>,
  names: readonly string[],
  stderr: Output,
): void {
  for (const [option, values] of Object.entries(options)) {
    const places = new Map<string, string[]>();
    for (const [i, value] of values.entries()) {
      const text = JSON.stringify(value) ?? 'absent';
      places.set(text, [...(places.get(text) ?? []), names[i]!]);
    }
    const each = [...places].map(([text, where]) => `${text} in ${where.join(', ')}`);
    tell(
      stderr,
      `warning: the alphas cannot be compared as they are: ${option} is ${each.join(' and ')}`,
    );
  }
}

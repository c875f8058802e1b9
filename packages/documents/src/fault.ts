/** What is wrong in a document, and where. */

export interface Fault {
  /** Keys and positions from the document down to the field. */
  path: readonly (string | number)[];
  /** The rest of a sentence that begins with the field. */
  what: string;
}

/** As code would name it: `matrices[3].metrics.stable_rank`. */
export function fieldName(path: Fault['path']): string {
  return path
    .map((part) => {
      if (/^\d+$/.test(String(part))) return `[${part}]`;
      return /^[A-Za-z_$][\w$]*$/.test(String(part)) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('')
    .replace(/^\./, '');
}

/** The position of the first value that was there before, if any. */
export function firstRepeated(values: readonly unknown[]): number | undefined {
  const seen = new Set<unknown>();
  for (const [position, value] of values.entries()) {
    if (seen.has(value)) return position;
    seen.add(value);
  }
  return undefined;
}

/** Whether a pair is there and reversed. */
export function isReversed(pair: readonly number[] | undefined): boolean {
  return pair !== undefined && pair[0]! > pair[1]!;
}

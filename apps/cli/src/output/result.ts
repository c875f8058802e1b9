/** What a command found, on stdout: as JSON for programs, or in words for people. */
import type { Output } from '../io.js';

export function writeJson(stdout: Output, data: unknown): void {
  stdout.write(`${JSON.stringify(data, null, 2)}\n`, 'data');
}

/** @param words are asked for only where they are shown */
export function writeResult(
  stdout: Output,
  { json }: { json?: boolean },
  data: unknown,
  words: () => string,
): void {
  if (json) writeJson(stdout, data);
  else stdout.write(words());
}

/**
 * What a command found, on stdout: one JSON document for programs, or words for people.
 *
 * With `--json` a command prints its own document where it makes one (an analysis, an allocation, scores, a
 * comparison), else what the words say as data; where it writes files that are not named by `-o` alone,
 * `written` lists their paths. Notes, warnings and errors stay on stderr, in words, with the same exit codes.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { isStdout } from '../files/write.js';
import type { Output } from '../io.js';

export function writeJson(stdout: Output, data: unknown): void {
  stdout.write(`${JSON.stringify(data, null, 2)}\n`, 'data');
}

/**
 * Before anything is written to stdout that is not JSON.
 *
 * @throws AlphaLoraError `INVALID_OPTION` where `-o -` and `--json` both ask for stdout
 */
export function requireOneResult({ output, json }: { output?: string; json?: boolean }): void {
  if (!json || output === undefined || !isStdout(output)) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `-o ${output} and --json both write to stdout: leave out one of them, or name a file`,
  );
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

/**
 * The one way to skip. What a test needs from the machine is asked for by a function that answers
 * with what is lacking, in words, or with undefined; a suite that cannot run is one skipped test
 * whose title ends with that reason.
 *
 *     describeUnless(pythonLacks('numpy'), 'against numpy', () => { ... });
 */
import { describe, it } from 'vitest';

/** What this machine lacks, in words: `python3 has no numpy; set ALPHALORA_PYTHON`. */
export type Lack = string | undefined;

export function describeUnless(lack: Lack, title: string, body: () => void): void {
  if (lack === undefined) describe(title, body);
  else it.skip(withReason(title, lack));
}

export function itUnless(lack: Lack, title: string, body: () => unknown, timeout?: number): void {
  if (lack === undefined) it(title, async () => void (await body()), timeout);
  else it.skip(withReason(title, lack));
}

function withReason(title: string, lack: string): string {
  return `${title} (skipped: ${lack})`;
}

/** Signals, pipes, links and modes of files as POSIX has them. */
export const posixLacks: Lack = process.platform === 'win32' ? 'Windows' : undefined;

/** `/proc`, `/dev/full` and what else only Linux has. */
export const linuxLacks: Lack = process.platform === 'linux' ? undefined : 'not Linux';

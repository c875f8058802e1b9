/**
 * For fuzz tests: the program in this process, in a folder of its own, and how long to search.
 *
 * FUZZ_RUNS sets the number of cases of each kind: `FUZZ_RUNS=5000 npx vitest run --project cli fuzz`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { expect, vi } from 'vitest';
import { runCommandLine } from '../command-line.js';

export const runs: number = Number(process.env['FUZZ_RUNS'] ?? 40);
export const parameters = { numRuns: runs, seed: 27 };
// A case takes some twenty commands, and all machines are slow at times.
vi.setConfig({ testTimeout: 60_000 + 2000 * runs });

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

interface Place {
  file(name: string): string;
  /** @returns its path */
  write(name: string, content: string | Uint8Array): string;
}

export function temporaryPlace(): Place {
  const root = temporaryFolder('fuzz');
  const file = (name: string): string => join(root, name);
  return {
    file,
    write(name, content) {
      writeFileSync(file(name), content);
      return file(name);
    },
  };
}

/** Whatever goes wrong, it is an error that was foreseen. */
export async function alphalora(...args: string[]): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const { signal } = new AbortController();
  const io = { stdout: stream('stdout'), stderr: stream('stderr'), signal };
  const code = await runCommandLine(args, io);
  expect(texts.stderr).not.toContain('internal error');
  if (code === 1) expect(texts.stderr).toContain('error: ');
  return { code, ...texts };
}

/** What the command line writes by the paths that it is given; `-` stands for stdout. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isNameOfWeights } from '@alphalora/checkpoint';
import { statIfPresent, writeFileAtomic } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Io } from '../io.js';

const stdoutNames = ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'];

export function isStdout(path: string): boolean {
  return stdoutNames.includes(path);
}

/** Writes a result to the file, or pipe or device, that `-o` names; or to stdout. */
export async function writeOutput(path: string, content: string, io: Io): Promise<void> {
  if (isStdout(path)) io.stdout.write(content, 'data');
  else await writeFileAtomic(path, content, { signal: io.signal });
}

/** What a model cannot be without: in its folder, nothing that `-o` names may replace it. */
const besideWeights = /^(adapter_|tokenizer_)?config\.json$|^tokenizer\./;

/**
 * Keeps a command from replacing what it reads.
 *
 * @param named everything else on the command line that may be a path
 * @throws AlphaLoraError `INVALID_OPTION` where `-o` is one of these files, or one of a model's in one
 *   of these folders
 */
export async function protectInputs(output: string, named: readonly string[]): Promise<void> {
  if (output === '') throw new AlphaLoraError('INVALID_OPTION', '-o is empty: it takes a path');
  if (isStdout(output)) return;
  const stats = await statIfPresent(output).catch(() => undefined);
  if (!stats?.isFile()) return;
  for (const path of named) {
    for (const file of [path, ...(await filesOfModel(path))]) {
      const own = await statIfPresent(file).catch(() => undefined);
      if (own?.ino !== stats.ino || own.dev !== stats.dev) continue;
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `-o ${output} would replace what the command reads: name another file`,
      );
    }
  }
}

async function filesOfModel(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => isNameOfWeights(name) || besideWeights.test(name))
    .map((name) => join(folder, name));
}

/** @throws AlphaLoraError `INVALID_OPTION` where `-o` has to name a folder and names stdout */
export function requireFolder(output: string, command: string): void {
  if (!isStdout(output)) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `-o ${output} is stdout, but ${command} writes several files: give -o a folder`,
  );
}

/**
 * What the command line reads and writes by the paths that it is given. `-` stands for stdin and
 * stdout, and documents may come from pipes, such as those of a shell's `<(...)`; everything else is
 * read from regular files alone.
 */
import { constants, openSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { isNameOfWeights } from '@alphalora/checkpoint';
import {
  fileError,
  readRegularFile,
  statIfPresent,
  writeFileAtomic,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Io } from './io.js';

const stdinNames = ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'];
const stdoutNames = ['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1'];

/**
 * The text of a file, a pipe or stdin.
 *
 * @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_OPTION` where stdin has been read
 */
export async function readText(path: string, { signal }: Pick<Io, 'signal'>): Promise<string> {
  if (stdinNames.includes(path)) {
    if (process.stdin.readableEnded) {
      throw new AlphaLoraError('INVALID_OPTION', 'stdin is named twice, and can be read only once');
    }
    return drain(process.stdin, 'stdin', signal);
  }
  const stats = await statIfPresent(path);
  if (!stats?.isFIFO()) return Buffer.from(await readRegularFile(path)).toString();
  return drain(openPipe(path), path, signal);
}

/** How messages call what is read from a path. */
export function inputName(path: string): string {
  return stdinNames.includes(path) ? 'stdin' : path;
}

/** Whether a path is a shell's name for a pipe or stdin, which says nothing about what comes. */
export function isStreamName(path: string): boolean {
  return path === '-' || /^\/(dev\/(stdin|fd\/\d+)|proc\/self\/fd\/\d+)$/.test(path);
}

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

/** Opened without waiting for a writer: then the waiting can be interrupted. */
function openPipe(path: string): Readable {
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: true, writable: false });
  } catch (error) {
    throw fileError(error, path, 'open');
  }
}

async function drain(stream: Readable, name: string, signal: AbortSignal): Promise<string> {
  try {
    return (await buffer(addAbortSignal(signal, stream))).toString('utf8');
  } catch (error) {
    signal.throwIfAborted();
    throw fileError(error, name, 'read');
  }
}

/**
 * What the command line reads by the paths that it is given. `-` stands for stdin, and documents may
 * come from pipes, such as those of a shell's `<(...)`; everything else is read from regular files
 * alone.
 */
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileError, readRegularFile, statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { decodeText } from '@alphalora/contracts/extensions';
import type { Io } from '../io.js';

const stdinNames = ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'];

/**
 * The text of a file, a pipe or stdin.
 *
 * @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, `INVALID_DOCUMENT` where it is not UTF-8, or `INVALID_OPTION` where stdin has been read
 */
export async function readText(path: string, { signal }: Pick<Io, 'signal'>): Promise<string> {
  if (stdinNames.includes(path)) {
    if (process.stdin.readableEnded) {
      throw new AlphaLoraError('INVALID_OPTION', 'stdin is named twice, and can be read only once');
    }
    return decodeText(await drain(process.stdin, 'stdin', signal), 'stdin');
  }
  const stats = await statIfPresent(path);
  if (!stats?.isFIFO()) return decodeText(await readRegularFile(path), path);
  return decodeText(await drain(openPipe(path), path, signal), path);
}

/** How messages call what is read from a path. */
export function inputName(path: string): string {
  return stdinNames.includes(path) ? 'stdin' : path;
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

async function drain(stream: Readable, name: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return await buffer(addAbortSignal(signal, stream));
  } catch (error) {
    signal.throwIfAborted();
    throw fileError(error, name, 'read');
  }
}

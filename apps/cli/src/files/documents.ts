/** Documents and other JSON that the command line reads. */
import { type Allocation, AlphaLoraError, type Analysis } from '@alphalora/contracts';
import { parseAllocation, parseAnalysis, parseDocument } from '@alphalora/documents';
import type { Io } from '../io.js';
import { inputName, readText } from './read.js';

const parsers = { analysis: parseAnalysis, allocation: parseAllocation };

interface Documents {
  analysis: Analysis;
  allocation: Allocation;
}

/** @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` naming the first fault */
export async function readDocument<Kind extends keyof Documents>(
  path: string,
  kind: Kind,
  io: Pick<Io, 'signal'>,
): Promise<Documents[Kind]> {
  return parsers[kind](await readJson(path, io), inputName(path)) as Documents[Kind];
}

/**
 * An analysis or an allocation; its `kind` says which.
 *
 * @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` naming the first fault
 */
export async function readAnyDocument(
  path: string,
  io: Pick<Io, 'signal'>,
): Promise<Analysis | Allocation> {
  return parseDocument(await readJson(path, io), inputName(path));
}

/** @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` for what is not JSON */
export async function readJson(path: string, io: Pick<Io, 'signal'>): Promise<unknown> {
  const text = await readText(path, io);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const file = inputName(path);
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${file} is not JSON: ${(cause as Error).message}`,
      {
        details: { file },
        cause,
      },
    );
  }
}

/** Reading the JSON documents. */
import { type Allocation, AlphaLoraError, type Analysis } from '@alphalora/contracts';
import { parseAllocation, parseAnalysis } from '@alphalora/documents';
import { inputName, readText } from './files.js';
import type { Io } from './io.js';

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
  const document = await readJson(path, io);
  const found = (document as { kind?: unknown } | null)?.kind;
  if (found === 'analysis' || found === 'allocation')
    return parsers[found](document, inputName(path));
  const kind = typeof found === 'string' ? JSON.stringify(found.slice(0, 40)) : 'missing';
  throw invalid(path, `is neither an analysis nor an allocation: its kind is ${kind}`);
}

async function readJson(path: string, io: Pick<Io, 'signal'>): Promise<unknown> {
  const text = await readText(path, io);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `is not JSON: ${(cause as Error).message}`, cause);
  }
}

function invalid(path: string, what: string, cause?: unknown): AlphaLoraError {
  const file = inputName(path);
  return new AlphaLoraError('INVALID_DOCUMENT', `${file} ${what}`, { details: { file }, cause });
}

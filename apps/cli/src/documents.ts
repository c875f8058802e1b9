/** Reading and writing the JSON documents. */
import {
  type Allocation,
  AlphaLoraError,
  type Analysis,
  allocationSchema,
  analysisSchema,
} from '@alphalora/contracts';
import { readText } from './files.js';

const schemas = { analysis: analysisSchema, allocation: allocationSchema };

interface Documents {
  analysis: Analysis;
  allocation: Allocation;
}

/** @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` naming the first fault */
export async function readDocument<Kind extends keyof Documents>(
  path: string,
  kind: Kind,
): Promise<Documents[Kind]> {
  const document = await readJson(path);
  const found = kindOf(document);
  if (found !== kind) {
    throw invalid(path, `is not an ${kind}: its kind is ${JSON.stringify(found) ?? 'missing'}`);
  }
  await validate(document, kind, path);
  return document as Documents[Kind];
}

/**
 * An analysis or an allocation; its `kind` says which.
 *
 * @throws AlphaLoraError `NOT_FOUND`, `IO_FAILED`, or `INVALID_DOCUMENT` naming the first fault
 */
export async function readAnyDocument(path: string): Promise<Analysis | Allocation> {
  const document = await readJson(path);
  const found = kindOf(document);
  if (found !== 'analysis' && found !== 'allocation') {
    const kind = JSON.stringify(found) ?? 'missing';
    throw invalid(path, `is neither an analysis nor an allocation: its kind is ${kind}`);
  }
  await validate(document, found, path);
  return document as Analysis | Allocation;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `is not JSON: ${(cause as Error).message}`, cause);
  }
}

function kindOf(document: unknown): unknown {
  return (document as { kind?: unknown } | null)?.kind;
}

async function validate(document: unknown, kind: keyof Documents, path: string): Promise<void> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ strict: false });
  const valid = ajv.compile(schemas[kind]);
  if (valid(document)) return;
  const [fault] = valid.errors ?? [];
  throw invalid(path, `does not follow the schema: ${fault?.instancePath} ${fault?.message}`);
}

function invalid(file: string, what: string, cause?: unknown): AlphaLoraError {
  return new AlphaLoraError('INVALID_DOCUMENT', `${file} ${what}`, { details: { file }, cause });
}

/** JSON with one line for each element of the long lists, so that a diff shows what changed. */
export function formatDocument(document: Analysis | Allocation): string {
  const entries = Object.entries(document).map(([key, value]) => {
    const rows: unknown[] = Array.isArray(value) && value.some(isObject) ? value : [];
    if (rows.length === 0) return `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`;
    const lines = rows.map((row) => `    ${JSON.stringify(row)}`);
    return `  ${JSON.stringify(key)}: [\n${lines.join(',\n')}\n  ]`;
  });
  return `{\n${entries.join(',\n')}\n}\n`;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

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
  const text = await readText(path);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `is not JSON: ${(cause as Error).message}`, cause);
  }
  const found = (document as { kind?: unknown } | null)?.kind;
  if (found !== kind) {
    throw invalid(path, `is not an ${kind}: its kind is ${JSON.stringify(found) ?? 'missing'}`);
  }
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ strict: false });
  const validate = ajv.compile(schemas[kind]);
  if (!validate(document)) {
    const [fault] = validate.errors ?? [];
    throw invalid(path, `does not follow the schema: ${fault?.instancePath} ${fault?.message}`);
  }
  return document as Documents[Kind];
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

/**
 * One job: a matrix to measure, as it travels through the queue. A job says where the weights are,
 * never what they are, and holds plain options, never code. Whoever can write to the server can
 * write anything there, so what is read from it is checked.
 */
import { createHash } from 'node:crypto';
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';

/** Raised when jobs mean something else; a worker refuses those that it does not know. */
const FORMAT = 1;

export interface MatrixJob {
  format: typeof FORMAT;
  /** Name and version of the program: another one may compute other numbers. */
  tool: string;
  /** Where the weights are: a path, or `hf://org/name@commit`. */
  model: string;
  /** Folder of a LoRA adapter to add, in the same terms. */
  adapter?: string;
  /** Identity of the weights' values, e.g. a digest; changes when they do. */
  content: string;
  /** Digest of names, shapes and types of all weights, by which a worker knows that it sees the same. */
  layout: string;
  /** Name of the matrix. */
  matrix: string;
  /** Everything else that can change a number, in JSON. */
  options: Record<string, unknown>;
}

/** Bytes of a job as JSON. Real ones have about 1 kB. */
export const MAX_JOB_BYTES: number = 1 << 16;

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));

const schema = v.strictObject({
  format: v.literal(FORMAT),
  tool: text,
  model: text,
  adapter: v.optional(text),
  content: text,
  layout: text,
  matrix: text,
  options: v.custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'not an object',
  ),
});

/** @throws AlphaLoraError `INVALID_DOCUMENT` naming the first fault */
export function parseJob(data: unknown): MatrixJob {
  const { success, output, issues } = v.safeParse(schema, data);
  if (success) return output as MatrixJob;
  const { format } = (data ?? {}) as { format?: unknown };
  if (typeof format === 'number' && format !== FORMAT) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `the job has format ${format}, but this worker knows format ${FORMAT}: use one version everywhere`,
    );
  }
  const [issue] = issues;
  const where = v.getDotPath(issue);
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    `not a job of this program: ${where === null ? '' : `${where}: `}${issue.message}`,
  );
}

/**
 * The key of a job: SHA-256 of all that its result depends on. Equal work has equal keys, whoever
 * asks for it and wherever the weights lie, so nothing is queued or measured twice.
 *
 * @returns 64 hexadecimal digits
 */
export function jobKey({ format, tool, content, layout, matrix, options }: MatrixJob): string {
  const facts = { format, tool, content, layout, matrix, options };
  return createHash('sha256').update(canonical(facts)).digest('hex');
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, node: unknown) =>
    typeof node === 'object' && node !== null && !Array.isArray(node)
      ? Object.fromEntries(Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1)))
      : node,
  );
}

/** Options of policies, routers and the like, which a schema checks: one wording of what it refuses. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { AlphaLoraError } from './errors.js';
import { nearest } from './nearest.js';

type Given = Readonly<Record<string, unknown>>;

/**
 * The error for options that a schema refuses, by its first issue.
 *
 * @param kind what it is that has options, such as `policy`
 * @param name of the one that has them
 * @param issues of the schema; without them, it has no options at all
 * @param schema where it says its options (`entries` of Valibot, `shape` of Zod), those are told of one
 *   that is not among them
 */
export function refusedOptions(
  kind: string,
  name: string,
  given: Given,
  issues?: readonly StandardSchemaV1.Issue[],
  schema?: object,
): AlphaLoraError {
  if (!issues) return unknownOption(kind, name, Object.keys(given)[0] ?? '');
  const [issue] = issues;
  const path = (issue?.path ?? []).map((part) =>
    String(typeof part === 'object' ? part.key : part),
  );
  const option = path.join('.');
  const known = namesIn(schema);
  if (known && path.length === 1 && !known.includes(option)) {
    return unknownOption(kind, name, option, known);
  }
  const { message = 'refused' } = issue ?? {};
  const found = path.length === 1 ? JSON.stringify(given[option])?.slice(0, 60) : undefined;
  const more = found === undefined || message.includes(found) ? '' : ` (it is ${found})`;
  return new AlphaLoraError(
    'INVALID_OPTION',
    `${kind} ${name}${option && `, option ${option}`}: ${message}${more}`,
    { details: { [kind]: name, ...(option && { option }) } },
  );
}

function unknownOption(
  kind: string,
  name: string,
  option: string,
  known: readonly string[] = [],
): AlphaLoraError {
  const near = nearest(option, known);
  const hint = near === undefined ? '' : `did you mean ${near}? `;
  const all = known.length === 0 ? '' : `: ${hint}its options are ${known.join(', ')}`;
  return new AlphaLoraError('INVALID_OPTION', `${kind} ${name} has no option "${option}"${all}`, {
    details: { [kind]: name, option },
  });
}

function namesIn(schema: object | undefined): string[] | undefined {
  const { entries, shape = entries } = (schema ?? {}) as { entries?: unknown; shape?: unknown };
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : undefined;
}

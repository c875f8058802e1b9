/** Options of policies, routers and the like, which a schema checks: one wording of what it refuses. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { AlphaLoraError } from './errors.js';

type Given = Readonly<Record<string, unknown>>;

/**
 * The error for options that a schema refuses, by its first issue.
 *
 * @param kind what it is that has options, such as `policy`
 * @param name of the one that has them
 * @param issues of the schema; without them, it has no options at all
 */
export function refusedOptions(
  kind: string,
  name: string,
  given: Given,
  issues?: readonly StandardSchemaV1.Issue[],
): AlphaLoraError {
  if (!issues) {
    const [option = ''] = Object.keys(given);
    return new AlphaLoraError('INVALID_OPTION', `${kind} ${name} has no option "${option}"`, {
      details: { [kind]: name, option },
    });
  }
  const [issue] = issues;
  const path = (issue?.path ?? []).map((part) =>
    String(typeof part === 'object' ? part.key : part),
  );
  const option = path.join('.');
  const { message = 'refused' } = issue ?? {};
  const found = path.length === 1 ? JSON.stringify(given[option])?.slice(0, 60) : undefined;
  const more = found === undefined || message.includes(found) ? '' : ` (it is ${found})`;
  return new AlphaLoraError(
    'INVALID_OPTION',
    `${kind} ${name}${option && `, option ${option}`}: ${message}${more}`,
    { details: { [kind]: name, ...(option && { option }) } },
  );
}

/** Checks a policy's options against its schema, with messages that name the policy and the option. */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';

/** @throws AlphaLoraError `INVALID_OPTION` when an option is unknown or has a wrong value */
export function parseWith<Output>(
  policy: string,
  schema: v.GenericSchema<unknown, Output>,
  given: unknown,
): Output {
  const result = v.safeParse(schema, given);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const option = v.getDotPath(issue) ?? 'options';
  const known = 'entries' in schema ? Object.keys(schema.entries as object) : [];
  throw new AlphaLoraError(
    'INVALID_OPTION',
    known.includes(option)
      ? `policy ${policy}, option ${option}: ${issue.message}`
      : `policy ${policy} has no option "${option}"; it knows ${known.join(', ') || 'none'}`,
    { details: { policy, option } },
  );
}

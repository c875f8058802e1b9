/**
 * Schemas of the built-in policies' options: every option has a default, and an unknown name is an
 * error that lists the known ones, so that a misspelt option never silently changes nothing.
 */
import * as v from 'valibot';

/** @param entries one schema for each option, each with a default */
export function strictOptions<Entries extends v.ObjectEntries>(
  entries: Entries,
): v.StrictObjectSchema<Entries, v.ErrorMessage<v.StrictObjectIssue>> {
  const known = Object.keys(entries).join(', ') || 'none';
  return v.strictObject(entries, (issue) =>
    issue.expected === 'never'
      ? `no option ${issue.path?.map(({ key }) => `"${String(key)}"`).join('.') ?? issue.received}; it knows ${known}`
      : issue.message,
  );
}

/** A finite number of at least `least`. */
export function numberFrom(
  least: number,
): v.SchemaWithPipe<
  readonly [
    v.NumberSchema<undefined>,
    v.FiniteAction<number, undefined>,
    v.MinValueAction<number, number, undefined>,
  ]
> {
  return v.pipe(v.number(), v.finite(), v.minValue(least));
}

/** The description of a policy, checked at once, where its author can see the error. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AllocationPolicy, LayerFact, PolicyTraits } from '@alphalora/contracts/extensions';
import { resourceNames, resources } from '@alphalora/documents';

/**
 * A policy, checked and frozen. Its options are inferred from its schema:
 *
 * ```ts
 * export default definePolicy({
 *   name: 'by-depth',
 *   version: '1.0.0',
 *   apiVersion: 1,
 *   options: z.strictObject({ slope: z.number().default(1) }),
 *   traits: { resources: ['experts'], answer: 'weights' },
 *   allocate: ({ layers, options }) => ({ weights: layers.map(({ block }) => 1 + options.slope * block) }),
 * });
 * ```
 *
 * @throws AlphaLoraError `INVALID_OPTION` naming the policy and the field that is not as it must be, or
 *   is none of a policy's
 */
export function definePolicy<Options = Record<string, unknown>>(
  policy: AllocationPolicy<Options>,
): AllocationPolicy<Options> {
  requirePolicy(policy);
  requireKnown(policy.name, 'field', policy, fields);
  const { traits, requires } = policy;
  return Object.freeze({
    ...policy,
    ...(requires && { requires: Object.freeze([...requires]) }),
    traits: Object.freeze({ ...traits, resources: Object.freeze([...traits.resources]) }),
  });
}

const facts: readonly LayerFact[] = ['shapes', 'variance', 'role'];
const fields: ReadonlyArray<keyof AllocationPolicy> = [
  ...(['name', 'version', 'apiVersion', 'summary'] as const),
  ...(['options', 'scoredBy', 'requires', 'traits', 'describe', 'allocate'] as const),
];
const claims: ReadonlyArray<keyof PolicyTraits> = [
  ...(['resources', 'answer', 'monotone', 'equivariant', 'seeded'] as const),
];

/**
 * Whether something, such as the default export of a file, is a policy for this interface.
 *
 * @throws AlphaLoraError `INVALID_OPTION` naming the policy and the field
 */
export function requirePolicy(value: unknown): asserts value is AllocationPolicy {
  const policy = recordOf(value);
  if (!policy) throw wrong('a policy', 'an object', value);
  const { name, version, apiVersion, options, scoredBy, requires, describe, allocate } = policy;
  if (typeof name !== 'string' || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) {
    throw wrong('the name of a policy', 'lower-case words joined by hyphens', name);
  }
  const check = (sound: boolean, field: string, what: string, found: unknown): void => {
    if (!sound) throw wrong(`policy ${name}: ${field}`, what, found, { policy: name, field });
  };
  check(typeof version === 'string' && version !== '', 'version', 'a text such as 1.0.0', version);
  check(
    apiVersion === 1,
    'apiVersion',
    '1, the only version of the interface that this host knows',
    apiVersion,
  );
  check(typeof allocate === 'function', 'allocate', 'a function', allocate);
  check(
    describe === undefined || typeof describe === 'function',
    'describe',
    'a function',
    describe,
  );
  const standard = recordOf(options)?.['~standard'];
  check(
    options === undefined || typeof recordOf(standard)?.['validate'] === 'function',
    'options',
    'a schema of the Standard Schema interface, as zod, valibot and arktype make them',
    options,
  );
  check(
    scoredBy === undefined || (typeof scoredBy === 'string' && scoredBy !== ''),
    'scoredBy',
    'the name of a metric such as snr',
    scoredBy,
  );
  check(
    requires === undefined || isListOf(requires, facts),
    'requires',
    `a list of ${facts.join(', ')}`,
    requires,
  );
  const traits = recordOf(policy['traits']);
  if (!traits) throw wrong(`policy ${name}: traits`, 'an object', policy['traits']);
  // A misspelt claim would never be checked.
  requireKnown(name, 'trait', traits, claims);
  const list: unknown = traits['resources'];
  check(
    isListOf(list, resourceNames) && list.length > 0,
    'traits.resources',
    `a list of at least one of ${resourceNames.join(', ')}`,
    list,
  );
  const { answer, monotone } = traits;
  check(answer === 'weights' || answer === 'values', 'traits.answer', 'weights or values', answer);
  // The host makes integers of weights; nothing else follows from proportions alone.
  const real = (list as readonly string[]).filter(
    (resource) => !resources[resource as keyof typeof resources].whole,
  );
  check(
    answer === 'values' || real.length === 0,
    'traits.answer',
    `values for ${real.join(', ')}, which weights do not settle`,
    answer,
  );
  check(
    [undefined, 'increasing', 'decreasing'].includes(monotone as undefined),
    'traits.monotone',
    'increasing or decreasing',
    monotone,
  );
}

function requireKnown(policy: string, what: string, value: object, known: readonly string[]): void {
  const field = Object.keys(value).find((key) => !known.includes(key));
  if (field === undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `policy ${policy}: there is no ${what} "${field}"; it may have ${known.join(', ')}`,
    { details: { policy, field } },
  );
}

function isListOf(value: unknown, known: readonly string[]): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => known.includes(entry));
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  const object = typeof value === 'object' ? value !== null : typeof value === 'function';
  return object ? (value as Record<string, unknown>) : undefined;
}

function wrong(
  field: string,
  what: string,
  found: unknown,
  details: Readonly<Record<string, string>> = {},
): AlphaLoraError {
  const words = typeof found === 'string' ? `"${found}"` : (JSON.stringify(found) ?? typeof found);
  return new AlphaLoraError(
    'INVALID_OPTION',
    `${field} must be ${what}, not ${words.slice(0, 80)}`,
    {
      details,
    },
  );
}

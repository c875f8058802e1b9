/** The conformance kit of policies. */
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import { type Check, createKit, type TestFunctions } from '@alphalora/contracts/testing';
import * as claims from './claims.js';
import * as host from './host-checks.js';
import { shape, steps } from './steps.js';
import type { Examine, Subject } from './subject.js';

export interface CheckSettings {
  /** The policy's options, where other ones than its defaults should be tested. @default {} */
  options?: Readonly<Record<string, unknown>>;
  /** Of the sample's scores and of the policy's random numbers. @default 1 */
  seed?: number;
  /** Time for an answer, in milliseconds; a tenth of it once the signal has fired. @default 10000 */
  timeout?: number;
}

/** The schema accepts what was given, or nothing at all, and fills in the defaults. */
const completeOptions: Examine = async (subject) => {
  const schema = subject.policy.options;
  if (!schema) return undefined;
  const result = await schema['~standard'].validate(subject.options);
  if (result.issues) {
    const given = JSON.stringify(subject.options);
    const issues = result.issues.map(({ message }) => message).join('; ');
    return { failed: `the options ${given} are refused: ${issues}` };
  }
  subject.options = result.value;
  return undefined;
};

/** A misspelt option must not silently change nothing. */
const unknownOption: Examine = async ({ policy, given }) => {
  if (!policy.options) return { skipped: 'there is no schema: all options are refused' };
  const odd = { ...given, 'no-such-option': 1 };
  const result = await policy.options['~standard'].validate(odd);
  if (result.issues) return undefined;
  return {
    failed: 'the schema accepts "no-such-option": make it strict, so that it refuses unknown names',
  };
};

const kit = createKit<Subject>({
  steps: [['shape', shape], ['options', completeOptions], ...steps],
  independent: [
    ['equivariance', claims.equivariance],
    ['monotonicity', claims.monotonicity],
    ['seed', claims.seeded],
    ['abort', claims.abort],
    ['single layer', claims.singleLayer],
    ['equal scores', claims.equalScores],
    ['integers', host.integers],
    ['bounds', host.bounds],
    ['total', host.total],
    ['smallest budget', host.smallestBudget],
    ['infeasible budget', host.infeasibleBudget],
    ['unknown option', unknownOption],
    ['NaN scores', host.scoresThatAreNone],
    ['unknown resource', host.unknownResource],
  ],
});

/** The names of all checks, in the order of the results. */
export const checkNames: readonly string[] = kit.names;

// biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
type AnyPolicy = AllocationPolicy<any>;

/**
 * @returns one result for each of {@link checkNames}; it never throws for a fault of the policy
 */
export function checkPolicy(policy: AnyPolicy, settings: CheckSettings = {}): Promise<Check[]> {
  return kit.check(subjectOf(policy, settings));
}

/**
 * {@link checkPolicy} as tests of the caller's framework, one for each check. What the policy's traits
 * do not claim is skipped with the reason.
 */
export function describePolicy(
  policy: AnyPolicy,
  tests: TestFunctions,
  settings: CheckSettings = {},
): void {
  kit.describe(`policy ${policy.name}`, subjectOf(policy, settings), tests);
}

function subjectOf(
  policy: AnyPolicy,
  { options = {}, seed = 1, timeout = 10_000 }: CheckSettings,
): Subject {
  return { policy, given: options, options, seed, timeout };
}

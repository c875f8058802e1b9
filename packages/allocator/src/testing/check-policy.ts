/**
 * The conformance tests of a policy, as plain results without a test framework.
 *
 * The first checks are steps: each rests on the one before, so that a fault is reported once, by the
 * check that names it, and what can no longer be judged is skipped with that reason. The others are
 * independent of one another and skip what the policy's traits do not claim.
 */
import type { AllocationPolicy } from '@alphalora/contracts';
import * as claims from './claims.js';
import * as host from './host-checks.js';
import { shape, steps } from './steps.js';
import type { Check, Subject } from './subject.js';

export interface PolicyCheck {
  name: string;
  status: 'passed' | 'failed' | 'skipped';
  /** Why it failed or was skipped. */
  reason?: string;
  /** Where it was skipped because of another check that failed: the name of that. */
  restsOn?: string;
}

export interface CheckSettings {
  /** The policy's options, where other ones than its defaults should be tested. @default {} */
  options?: Readonly<Record<string, unknown>>;
  /** Of the sample's scores and of the policy's random numbers. @default 1 */
  seed?: number;
  /** Time for an answer, in milliseconds; a tenth of it once the signal has fired. @default 10000 */
  timeout?: number;
}

/** A misspelt option must not silently change nothing. */
const unknownOption: Check = async ({ policy, given }) => {
  if (!policy.options) return { skipped: 'there is no schema: all options are refused' };
  const odd = { ...given, 'no-such-option': 1 };
  const result = await policy.options['~standard'].validate(odd);
  if (result.issues) return undefined;
  return {
    failed: 'the schema accepts "no-such-option": make it strict, so that it refuses unknown names',
  };
};

const independent: ReadonlyArray<[name: string, check: Check]> = [
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
];

/** The names of all checks, in the order of the results. */
export const checkNames: readonly string[] = [
  'shape',
  'options',
  ...[...steps, ...independent].map(([name]) => name),
];

/**
 * @returns one result for each of {@link checkNames}; it never throws for a fault of the policy
 */
export async function checkPolicy(
  // biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
  policy: AllocationPolicy<any>,
  { options = {}, seed = 1, timeout = 10_000 }: CheckSettings = {},
): Promise<PolicyCheck[]> {
  const subject: Subject = { policy, given: options, options, seed, timeout };
  const results: PolicyCheck[] = [];
  let broken: string | undefined;
  const settle = async (name: string, check: Check, isStep: boolean): Promise<void> => {
    if (broken !== undefined) {
      const reason = `rests on the check "${broken}"`;
      results.push({ name, status: 'skipped', reason, restsOn: broken });
      return;
    }
    const result = await resultOf(name, check, subject);
    if (isStep && result.status === 'failed') broken = name;
    results.push(result);
  };
  await settle('shape', shape, true);
  await settle('options', completeOptions, true);
  for (const [name, check] of steps) await settle(name, check, true);
  for (const [name, check] of independent) await settle(name, check, false);
  return results;
}

/** The schema accepts what was given, or nothing at all, and fills in the defaults. */
const completeOptions: Check = async (subject) => {
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

async function resultOf(name: string, check: Check, subject: Subject): Promise<PolicyCheck> {
  try {
    const outcome = await check(subject);
    if (outcome === undefined) return { name, status: 'passed' };
    if ('skipped' in outcome) return { name, status: 'skipped', reason: outcome.skipped };
    return { name, status: 'failed', reason: outcome.failed };
  } catch (error) {
    return { name, status: 'failed', reason: String(error) };
  }
}

/** {@link checkPolicy} as tests of the caller's framework: vitest, jest, mocha and node:test all fit. */
import type { AllocationPolicy } from '@alphalora/contracts';
import { type CheckSettings, checkNames, checkPolicy, type PolicyCheck } from './check-policy.js';

export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** What the framework gives a test, by which it can skip itself; jest has nothing of the kind. */
interface Running {
  skip?(reason?: string): void;
}

/**
 * Registers one test for each check. What the policy's traits do not claim is skipped with the reason,
 * by vitest, mocha and `node:test`; jest, where a running test cannot be skipped, counts it as passed.
 */
export function describePolicy(
  // biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
  policy: AllocationPolicy<any>,
  { describe, it }: TestFunctions,
  settings: CheckSettings = {},
): void {
  let running: Promise<PolicyCheck[]> | undefined;
  describe(`policy ${policy.name}`, () => {
    for (const name of checkNames) {
      // Without a parameter of its own: mocha and jest would wait for that to be called.
      it(name, async function (this: Running | undefined, ...[context]: [Running?]) {
        running ??= checkPolicy(policy, settings);
        const check = (await running).find((one) => one.name === name)!;
        if (check.status === 'failed') throw new Error(check.reason);
        if (check.status === 'skipped') (context ?? this)?.skip?.(check.reason);
      });
    }
  });
}

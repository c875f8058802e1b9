/** {@link checkPolicy} as tests of the caller's framework: vitest, jest, mocha and node:test all fit. */
import type { AllocationPolicy } from '@alphalora/contracts';
import { type CheckSettings, checkNames, checkPolicy, type PolicyCheck } from './check-policy.js';

export interface TestFunctions {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/**
 * Registers one test for each check. A check that the policy's traits do not claim passes; to read
 * why it was skipped, use {@link checkPolicy}.
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
      it(name, async () => {
        running ??= checkPolicy(policy, settings);
        const check = (await running).find((one) => one.name === name);
        if (check?.status === 'failed') throw new Error(check.reason);
      });
    }
  });
}

/** Built-in policies: they are part of the program and run in its own thread. */
import { policies, requireAllocatable } from '@alphalora/allocator';
import { checkPolicy } from '@alphalora/allocator/testing';
import type { OpenPolicy, PolicyInfo } from './open-policy.js';
import { allocateWith, defaultOptions, infoOf } from './policy.js';

const from = 'built in';

export function isBuiltIn(reference: string): boolean {
  return policies.has(reference);
}

export async function listBuiltIn(): Promise<PolicyInfo[]> {
  return Promise.all(policies.names().map(async (name) => infoOf(await policies.load(name), from)));
}

export async function openBuiltIn(name: string, signal: AbortSignal): Promise<OpenPolicy> {
  const policy = await policies.load(name);
  return {
    info: infoOf(policy, from),
    defaults: () => defaultOptions(policy),
    allocate: (job) => allocateWith(job, { policy, signal }),
    verify: (job) => requireAllocatable({ ...job, policy, signal }),
    check: (settings) => checkPolicy(policy, settings),
  };
}

/** Built-in policies: they are part of the program and run in its own thread. */
import { loadPolicy, policies } from '@alphalora/allocator';
import { checkPolicy } from '@alphalora/allocator/testing';
import type { OpenPolicy, PolicyInfo } from './open-policy.js';
import { allocateWith, defaultOptions, infoOf } from './policy.js';

const from = 'built in';

export function isBuiltIn(reference: string): boolean {
  return policies.has(reference);
}

export async function listBuiltIn(): Promise<PolicyInfo[]> {
  return Promise.all(
    [...policies.keys()].map(async (name) => infoOf(await loadPolicy(name), from)),
  );
}

export async function openBuiltIn(name: string, signal: AbortSignal): Promise<OpenPolicy> {
  const policy = await loadPolicy(name);
  return {
    info: infoOf(policy, from),
    defaults: () => defaultOptions(policy),
    allocate: (job) => allocateWith(job, { policy, signal }),
    check: (settings) => checkPolicy(policy, settings),
  };
}

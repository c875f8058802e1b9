/** Built-in policies: they are part of the program and run in its own thread. */
import { allocate, allocateRobustly } from '@alphalora/allocator';
import { checkPolicy } from '@alphalora/allocator/testing';
import type { AllocationPolicy } from '@alphalora/contracts';
import type { Io } from '../io.js';
import type { OpenPolicy, PolicyInfo } from './index.js';

// biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
type AnyPolicy = AllocationPolicy<any>;

export function openBuiltIn(policy: AnyPolicy, { signal }: Pick<Io, 'signal'>): OpenPolicy {
  return {
    info: infoOf(policy, 'built in'),
    allocate: ({ alternatives, ...job }) => {
      const request = { ...job, policy, signal };
      return alternatives ? allocateRobustly(request, alternatives) : allocate(request);
    },
    check: (settings) => checkPolicy(policy, settings),
  };
}

export function infoOf(policy: AnyPolicy, from: string): PolicyInfo {
  const { name, version, summary, requires = [], options } = policy;
  const { resources, answer, monotone, equivariant, seeded } = policy.traits;
  // Field by field: what a policy has besides need not be able to cross to another thread.
  const traits = {
    ...{ resources: [...resources], answer },
    ...(monotone && { monotone }),
    ...(equivariant && { equivariant: true }),
    ...(seeded && { seeded: true }),
  };
  return {
    ...{ name, version, traits, requires: [...requires], hasOptions: options !== undefined, from },
    ...(typeof summary === 'string' && { summary }),
  };
}

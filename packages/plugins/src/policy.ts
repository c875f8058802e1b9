/** What is asked of every policy, wherever it runs. */
import { type AllocateOptions, allocate, allocateRobustly } from '@alphalora/allocator';
import type { Allocation } from '@alphalora/contracts';
import type { AllocationPolicy } from '@alphalora/contracts/extensions';
import type { PolicyInfo, PolicyJob } from './open-policy.js';

// biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
export type AnyPolicy = AllocationPolicy<any>;

/** Field by field, since whatever a policy has besides need not be able to cross threads. */
export function infoOf(policy: AnyPolicy, from: string): PolicyInfo {
  const { name, version, summary, scoredBy, requires = [], options } = policy;
  const { resources, answer, monotone, equivariant, seeded } = policy.traits;
  const traits = {
    resources: [...resources],
    answer,
    ...(monotone && { monotone }),
    ...(equivariant && { equivariant: true }),
    ...(seeded && { seeded: true }),
  };
  return {
    name,
    version,
    traits,
    requires: [...requires],
    hasOptions: options !== undefined,
    from,
    ...(typeof summary === 'string' && { summary }),
    ...(scoredBy !== undefined && { scoredBy }),
  };
}

export function allocateWith(
  { alternatives, ...job }: PolicyJob,
  more: Pick<AllocateOptions, 'policy' | 'signal' | 'timeout'>,
): Promise<Allocation> {
  const request = { ...job, ...more };
  return alternatives ? allocateRobustly(request, alternatives) : allocate(request);
}

/** The options where none is given; none where the schema demands some. */
export async function defaultOptions({ options }: AnyPolicy): Promise<Record<string, unknown>> {
  const completed = await options?.['~standard'].validate({});
  return completed && !completed.issues ? { ...completed.value } : {};
}

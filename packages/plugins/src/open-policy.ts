/** A policy as commands see it, wherever it comes from and runs. */
import type { AllocationJob, Alternatives } from '@alphalora/allocator';
import type { Check } from '@alphalora/allocator/testing';
import type { Allocation } from '@alphalora/contracts';
import type { LayerFact, PolicyTraits } from '@alphalora/contracts/extensions';

/** Plain data about a policy. */
export interface PolicyInfo {
  name: string;
  version: string;
  summary?: string;
  traits: PolicyTraits;
  /** The metric that it looks at; alpha where absent. */
  scoredBy?: string;
  requires: LayerFact[];
  hasOptions: boolean;
  /** `built in`, or the path or package that it was loaded from. */
  from: string;
}

/** What is to be allocated, as plain data; with alternatives, the allocation says how robust it is. */
export type PolicyJob = AllocationJob & { alternatives?: Alternatives };

/** One policy, wherever it runs. */
export interface OpenPolicy {
  readonly info: PolicyInfo;
  /** Its options where none is given. */
  defaults(): Promise<Record<string, unknown>>;
  /**
   * @throws AlphaLoraError as `allocate` of the allocator does, and `POLICY_FAILED` when a foreign
   *   policy hangs or ends its thread
   */
  allocate(job: PolicyJob): Promise<Allocation>;
  /**
   * Checks what the scores do not change, before they are measured.
   *
   * @throws AlphaLoraError as `requireAllocatable` of the allocator does, and as `allocate`
   */
  verify(job: AllocationJob): Promise<void>;
  /** The conformance tests of the allocator. */
  check(settings: { options?: Record<string, unknown>; seed?: number }): Promise<Check[]>;
}

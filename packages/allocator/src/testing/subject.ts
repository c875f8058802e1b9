/** The policy under test, and how it is asked. */
import type { Resource } from '@alphalora/contracts';
import type { AllocationPolicy, PolicyBudget, PolicyLayer } from '@alphalora/contracts/extensions';
import { type Examination, forEachOf, type Outcome } from '@alphalora/contracts/testing';
import { policyRandom } from '../host/random.js';
import { sampleBudget, sampleLayers, sampleRequest, sampleScores } from './sample.js';

export interface Subject {
  // biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
  policy: AllocationPolicy<any>;
  /** As they were given. */
  given: Readonly<Record<string, unknown>>;
  /** As its schema completed them. */
  options: unknown;
  seed: number;
  /** In milliseconds. */
  timeout: number;
}

export type Examine = Examination<Subject>;

/** What became of one call. */
export type Reply = { answer: unknown } | { error: unknown } | { late: true };

export interface Sample {
  layers: PolicyLayer[];
  budget: PolicyBudget;
}

export function sampleOf({ policy, seed }: Subject, resource: Resource): Sample {
  const layers = sampleLayers(sampleScores(policyRandom(seed)), policy.requires ?? []);
  return { layers, budget: sampleBudget(resource, layers.length) };
}

/** Calls the policy itself, past the host. */
export async function ask(
  { policy, options, seed, timeout }: Subject,
  { layers, budget }: Sample,
  { otherSeed = seed, signal, limit = timeout }: AskOptions = {},
): Promise<Reply> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Reply>((resolve) => {
    timer = setTimeout(() => resolve({ late: true }), limit);
  });
  const request = sampleRequest(
    { layers, options, budget },
    { seed: otherSeed, ...(signal && { signal }) },
  );
  const asked = async (): Promise<Reply> => {
    try {
      return { answer: await policy.allocate(request) };
    } catch (error) {
      return { error };
    }
  };
  try {
    return await Promise.race([asked(), late]);
  } finally {
    clearTimeout(timer);
  }
}

interface AskOptions {
  otherSeed?: number;
  signal?: AbortSignal;
  limit?: number;
}

/** The numbers of an answer of the claimed kind; undefined where there are none. */
export function numbersOf({ policy }: Subject, reply: Reply): readonly number[] | undefined {
  if (!('answer' in reply) || typeof reply.answer !== 'object' || reply.answer === null) return;
  const numbers = (reply.answer as Record<string, unknown>)[policy.traits.answer];
  return Array.isArray(numbers) ? numbers : undefined;
}

/** The first outcome other than passed, over the resources that the policy claims. */
export function forEachResource(
  subject: Subject,
  examine: Examination<Resource>,
): Promise<Outcome> {
  return forEachOf(subject.policy.traits.resources, examine);
}

export function describeReply(reply: Reply): string {
  if ('late' in reply) return 'it did not settle in time';
  if ('error' in reply) return `it threw ${reply.error}`;
  return `it answered ${JSON.stringify(reply.answer)}`;
}

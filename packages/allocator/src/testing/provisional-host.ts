/**
 * A stand-in for the host until `../allocate.js` has the agreed signature: replace the one import in
 * `check-policy.ts` and delete this file. It knows units per layer only, and no robustness.
 */
import {
  type AllocationPolicy,
  AlphaLoraError,
  type PolicyAnswer,
  type PolicyBudget,
  type PolicyLayer,
} from '@alphalora/contracts';
import { roundShares } from '../rounding/index.js';
import { seededRandom } from './sample.js';

export interface HostRequest {
  layers: readonly PolicyLayer[];
  // biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
  policy: AllocationPolicy<any>;
  options: unknown;
  budget: PolicyBudget;
  seed: number;
  timeout: number;
}

/** @returns one quantity for each layer */
export async function allocate(request: HostRequest): Promise<number[]> {
  const { layers, policy, options, budget, seed, timeout } = request;
  const { resource, total, min, max } = budget;
  const refuse = (code: 'INVALID_OPTION' | 'INFEASIBLE_BUDGET', message: string): never => {
    throw new AlphaLoraError(code, message, { details: { policy: policy.name } });
  };
  if (policy.apiVersion !== 1) {
    refuse('INVALID_OPTION', `policy ${policy.name} has apiVersion ${policy.apiVersion}, not 1`);
  }
  if (!policy.traits.resources.includes(resource)) {
    refuse('INVALID_OPTION', `policy ${policy.name} cannot share out ${resource}`);
  }
  const odd = layers.find(({ score }) => !Number.isFinite(score));
  if (odd) refuse('INVALID_OPTION', `layer ${odd.index} has the score ${odd.score}`);
  if (total !== undefined && !(total >= min * layers.length && total <= max * layers.length)) {
    refuse('INFEASIBLE_BUDGET', `${total} is out of reach of ${layers.length} layers`);
  }

  const ended = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      ended.abort();
      reject(new Error(`no answer within ${timeout} ms`));
    }, timeout);
  });
  let answer: PolicyAnswer;
  try {
    const asked = async (): Promise<PolicyAnswer> =>
      policy.allocate({
        layers: Object.freeze(layers.map((layer) => Object.freeze({ ...layer }))),
        options,
        budget: Object.freeze({ ...budget }),
        random: seededRandom(seed),
        signal: ended.signal,
      });
    answer = await Promise.race([asked(), late]);
  } catch (cause) {
    if (cause instanceof AlphaLoraError) throw cause;
    throw new AlphaLoraError('POLICY_FAILED', `policy ${policy.name} failed: ${cause}`, { cause });
  } finally {
    clearTimeout(timer);
  }
  const values = 'weights' in answer ? answer.weights : answer.values;
  if (values.length !== layers.length || !values.every((value) => value >= 0 && value < 1 / 0)) {
    throw new AlphaLoraError('POLICY_FAILED', `policy ${policy.name} answered [${values}]`);
  }
  return 'weights' in answer
    ? roundShares('largest-remainder', values, total!, { min, max })
    : [...values];
}

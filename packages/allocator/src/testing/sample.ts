/** Requests for a policy under test: layers with the facts that it requires and no others. */
import type { Resource } from '@alphalora/contracts';
import type {
  LayerFact,
  PolicyBudget,
  PolicyLayer,
  PolicyRequest,
} from '@alphalora/contracts/extensions';
import { policyRandom } from '../host/random.js';

/**
 * Layers with the given scores. Shapes, variances and roles differ from layer to layer, and are left
 * out (0, absent) unless they are among `facts`: a policy that reads what it does not require fails.
 */
export function sampleLayers(
  scores: readonly number[],
  facts: readonly LayerFact[] = [],
): PolicyLayer[] {
  const shapes = facts.includes('shapes');
  return scores.map((score, index) => {
    const inputs = shapes ? 64 * (1 + (index % 3)) : 0;
    const outputs = shapes ? 64 * (1 + (index % 2)) : 0;
    return {
      index,
      block: index,
      score,
      inputs,
      outputs,
      parameters: inputs * outputs,
      cost: inputs + outputs,
      price: 1,
      ...(facts.includes('variance') && { variance: 1e-4 * (1 + (index % 4)) }),
      ...(facts.includes('role') && { role: index % 2 === 0 ? 'q_proj' : 'v_proj' }),
    };
  });
}

/** Eight scores between 1.2 and 7, like alphas from over-trained to hardly trained; no two are equal. */
export function sampleScores(random: () => number): number[] {
  return Array.from({ length: 8 }, (_, i) => 1.2 + (5.8 * (i + random())) / 8).sort(
    () => random() - 0.5,
  );
}

/** A budget that leaves every policy room. */
export function sampleBudget(resource: Resource, layers: number): PolicyBudget {
  switch (resource) {
    case 'experts':
      return { resource, total: 5 * layers, min: 1, max: 5 * layers };
    case 'rank':
      return { resource, total: 8 * layers, min: 1, max: 8 * layers };
    case 'bits':
      return { resource, total: 4 * layers, min: 2, max: 8 };
    case 'sparsity':
      return { resource, total: 0.5 * layers, min: 0, max: 1 };
    case 'selection':
      return { resource, total: 0.25 * layers, min: 0, max: 1 };
    default:
      return { resource, min: 0, max: Number.MAX_VALUE };
  }
}

export function sampleRequest<Options>(
  given: Pick<PolicyRequest<Options>, 'layers' | 'options' | 'budget'>,
  { seed = 1, signal = new AbortController().signal }: { seed?: number; signal?: AbortSignal } = {},
): PolicyRequest<Options> {
  return { ...given, random: policyRandom(seed), signal };
}

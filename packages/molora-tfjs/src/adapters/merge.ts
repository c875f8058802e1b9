/**
 * Merging an adapter with one expert for each projection into the weights of its base:
 * W + scaling * (A B)^T (Hu et al., arXiv 2106.09685). With several experts what is added differs
 * from token to token, so that no weight can hold it.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { WeightTensor } from '@alphalora/contracts/weights';
import type { AdaptedProjection, AdapterState } from './adapter-spec.js';
import { requireSingleExperts } from './peft.js';
import { checkState } from './write.js';

/**
 * The weights of the base, those that the adapter changes reading as float32 with the change in
 * them. Nothing is read before a weight is asked for its values; sums are taken in float64.
 *
 * @param weights of the base, as a checkpoint lists them; fused ones not split
 * @throws AlphaLoraError `INVALID_OPTION` when a projection has several experts, is not in the base,
 *   or has another shape there
 */
export function mergedWeights(
  weights: readonly WeightTensor[],
  state: AdapterState,
): WeightTensor[] {
  checkState(state);
  const { projections } = state.spec;
  requireSingleExperts(projections, 'one weight cannot hold them');
  const changes = new Map(
    projections.map((projection) => [`${projection.name}.weight`, projection]),
  );
  const merged = weights.map((weight) => {
    const projection = changes.get(weight.name);
    if (!projection) return weight;
    changes.delete(weight.name);
    return mergedWeight(weight, projection, state.tensors);
  });
  const [missing] = changes.keys();
  if (missing !== undefined) {
    throw refusal(`the base has no ${JSON.stringify(missing)}`, missing);
  }
  return merged;
}

function mergedWeight(
  { readInto: _, ...weight }: WeightTensor,
  { name, inputs, outputs, ranks, scalings }: AdaptedProjection,
  tensors: AdapterState['tensors'],
): WeightTensor {
  const [rows, columns] = weight.shape;
  const inputFirst = weight.inputFirst ?? false;
  const expected = inputFirst ? [inputs, outputs] : [outputs, inputs];
  if (weight.shape.length !== 2 || rows !== expected[0] || columns !== expected[1]) {
    throw refusal(
      `${weight.name} is [${weight.shape}] in the base, and [${expected}] for the adapter`,
      weight.name,
    );
  }
  const a = tensors[`${name}.lora_A`]!.values;
  const b = tensors[`${name}.lora_B`]!.values;
  const [rank, scaling] = [ranks[0]!, scalings[0]!];
  const change = (input: number, output: number): number => {
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += a[input * rank + k]! * b[k * outputs + output]!;
    return scaling * sum;
  };
  return {
    ...weight,
    dtype: 'F32',
    async read(start = 0, end = inputs * outputs, signal) {
      const values = await weight.read(start, end, signal);
      return Float32Array.from(values, (value, i) => {
        const row = Math.floor((start + i) / expected[1]!);
        const column = (start + i) % expected[1]!;
        return value + (inputFirst ? change(row, column) : change(column, row));
      });
    },
  };
}

function refusal(what: string, tensor: string): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_OPTION',
    `the adapter does not fit: ${what}; give the model that it was trained on`,
    { details: { tensor } },
  );
}

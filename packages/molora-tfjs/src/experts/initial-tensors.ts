/**
 * The tensors that an adapter starts from: A and router Kaiming-uniform with a = sqrt 5, as
 * `torch.nn.Linear` and PEFT draw them, B zero, so that the adapted model starts as the base model.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { seededRandom } from '@alphalora/contracts/numbers';
import type { AdaptedProjection, AdapterSpec, TensorValues } from '../adapters/adapter-spec.js';
import { createRouter } from './routers/index.js';
import type { Router, RouterTensor } from './routers/router.js';

/** A trainable tensor of an adapter, not yet filled. */
export interface AdapterTensor extends Omit<RouterTensor, 'suffix'> {
  readonly name: string;
}

/**
 * The trainable tensors of a projection, in the order lora_A, lora_B, router.
 *
 * @throws AlphaLoraError `INVALID_OPTION` for a projection that cannot be: no expert, a rank that is
 *   no positive integer, another number of scalings than of ranks, topK outside 1..experts
 */
export function projectionTensors(
  projection: AdaptedProjection,
  router: Router,
): readonly AdapterTensor[] {
  checkProjection(projection);
  const { name, inputs, outputs, ranks } = projection;
  const columns = ranks.reduce((sum, rank) => sum + rank, 0);
  const experts: AdapterTensor[] = [
    { name: `${name}.lora_A`, shape: [inputs, columns], initial: { fanIn: inputs } },
    { name: `${name}.lora_B`, shape: [columns, outputs], initial: 0 },
  ];
  if (ranks.length === 1) return experts;
  const routing = router
    .tensors(projection)
    .map(({ suffix, shape, initial }) => ({ name: `${name}.router${suffix}`, shape, initial }));
  return [...experts, ...routing];
}

/**
 * @param seed each tensor's numbers depend on the seed and its name only
 * @throws AlphaLoraError `INVALID_OPTION`, `NOT_FOUND`: see `projectionTensors` and `createRouter`
 */
export function initialTensors(
  spec: AdapterSpec,
  seed: number,
  router: Router = createRouter(spec.router),
): Record<string, TensorValues> {
  const tensors: Record<string, TensorValues> = {};
  for (const projection of spec.projections) {
    for (const { name, shape, initial } of projectionTensors(projection, router)) {
      const values = new Float32Array(shape.reduce((size, length) => size * length, 1));
      if (typeof initial === 'number') values.fill(initial);
      else fillUniform(values, initial.fanIn, seed, name);
      tensors[name] = { shape, values };
    }
  }
  return tensors;
}

/** Kaiming's bound with a = sqrt 5: gain sqrt(2 / (1 + 5)) times sqrt(3 / fan-in) = 1 / sqrt(fan-in). */
function fillUniform(values: Float32Array, fanIn: number, seed: number, name: string): void {
  const random = seededRandom(seed, name);
  const bound = 1 / Math.sqrt(fanIn);
  for (let i = 0; i < values.length; i++) values[i] = bound * (2 * random() - 1);
}

function checkProjection({ name, ranks, scalings, topK }: AdaptedProjection): void {
  const refuse = (problem: string): never => {
    throw new AlphaLoraError('INVALID_OPTION', `${name} ${problem}.`, { details: { name } });
  };
  if (ranks.length === 0) refuse('has no expert; leave it out of the adapter');
  if (ranks.some((rank) => !Number.isInteger(rank) || rank < 1))
    refuse(`has ranks ${ranks.join(', ')}; give a positive whole number for each expert`);
  if (scalings.length !== ranks.length)
    refuse(`has ${ranks.length} experts and ${scalings.length} scalings; give one for each expert`);
  if (!Number.isInteger(topK) || topK < 1 || topK > ranks.length)
    refuse(`selects ${topK} of ${ranks.length} experts; give topK from 1 to ${ranks.length}`);
}

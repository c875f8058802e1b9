/** How many numbers an adapter trains. */
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import { projectionTensors } from './initial-tensors.js';
import { createRouter } from './routers/index.js';
import type { Router } from './routers/router.js';

/**
 * Trainable parameters of an adapter; of MoLA's layer, `sum over projections of
 * experts * (rank * (inputs + outputs) + inputs)`. Where the experts are frozen (MoLE), the
 * parameters of the routers.
 *
 * @throws AlphaLoraError see `projectionTensors` and `createRouter`
 */
export function parameterCount(
  spec: AdapterSpec,
  router: Router = createRouter(spec.router),
): number {
  let count = 0;
  for (const projection of spec.projections) {
    for (const { name, shape } of projectionTensors(projection, router)) {
      if (isTrainable(name, router)) count += shape.reduce((size, length) => size * length, 1);
    }
  }
  return count;
}

/** Whether training changes the tensor of this name. */
export function isTrainable(name: string, router: Router): boolean {
  return router.trainsExperts || !/\.lora_[AB]$/.test(name);
}

/**
 * A run that resumes has the weights that learn in its state. What they stand on is only in the
 * adapter beside it: with other frozen experts, scalings or routing the run would be another one.
 */
import { isDeepStrictEqual } from 'node:util';
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdapterSpec, AdapterState } from '../adapters/adapter-spec.js';
import { isTrainable } from '../experts/parameters.js';
import { createRouter } from '../experts/routers/index.js';
import { loadAdapter } from './load-adapter.js';

/**
 * @param folder of the run, with the adapter of its last checkpoint
 * @param initial what the run would begin with now
 * @throws AlphaLoraError `INVALID_OPTION` when it is not what the run began with
 */
export async function checkResumedAdapter(folder: string, initial: AdapterState): Promise<void> {
  const { state: stored } = await loadAdapter(folder);
  const router = createRouter(initial.spec.router);
  const frozen = Object.keys(initial.tensors).filter((name) => !isTrainable(name, router));
  const difference = !isDeepStrictEqual(fixedParts(stored.spec), fixedParts(initial.spec))
    ? 'its projections, scalings, dropout or router are not those that the options give'
    : frozen.some((name) => !isDeepStrictEqual(stored.tensors[name], initial.tensors[name]))
      ? 'its experts are not those that are given now as experts (--experts)'
      : undefined;
  if (difference === undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `the run in ${folder} cannot be resumed: ${difference}; resume with what it began with, or train into another folder`,
    { details: { file: folder } },
  );
}

/** All but the ranks, which may have grown. */
function fixedParts({ projections, router, dropout }: AdapterSpec): unknown {
  return {
    router,
    dropout,
    projections: projections.map(({ name, scalings, topK }) => ({ name, scalings, topK })),
  };
}

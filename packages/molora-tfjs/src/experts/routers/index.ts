/**
 * The routers by name, as an adapter's file names them. Their code is small and needed to know which
 * tensors an adapter has, so they are not loaded lazily; another router is passed as an object.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdapterSpec } from '../../adapters/adapter-spec.js';
import { adaptiveShared } from './adaptive-shared.js';
import { entropy } from './entropy.js';
import { mole } from './mole.js';
import type { Router, RouterFactory } from './router.js';
import { soft } from './soft.js';
import { topK } from './top-k.js';

export const routers: ReadonlyMap<string, RouterFactory> = new Map([
  ['top-k', topK],
  ['soft', soft],
  ['adaptive-shared', adaptiveShared],
  ['mole', mole],
  ['entropy', entropy],
]);

/** @throws AlphaLoraError `NOT_FOUND` for an unknown name, `INVALID_OPTION` for wrong options */
export function createRouter({ name, options }: AdapterSpec['router']): Router {
  const factory = routers.get(name);
  if (factory === undefined) {
    throw new AlphaLoraError(
      'NOT_FOUND',
      `There is no router "${name}". Choose one of: ${[...routers.keys()].join(', ')}.`,
      { details: { router: name } },
    );
  }
  return factory(options);
}

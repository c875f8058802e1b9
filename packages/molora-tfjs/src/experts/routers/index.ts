/**
 * The routers by name, as an adapter's file names them. Their code is small and needed to know which
 * tensors an adapter has, so they are not loaded lazily.
 */
import { createReadyRegistry, type ReadyRegistry } from '@alphalora/contracts/extensions';
import type { AdapterSpec } from '../../adapters/adapter-spec.js';
import { adaptiveShared } from './adaptive-shared.js';
import { entropy } from './entropy.js';
import { mole } from './mole.js';
import { checkedOptions } from './options.js';
import type { Router, RouterFactory } from './router.js';
import { soft } from './soft.js';
import { topK } from './top-k.js';

export const routers: ReadyRegistry<RouterFactory> = createReadyRegistry<RouterFactory>('router', {
  'top-k': () => topK,
  soft: () => soft,
  'adaptive-shared': () => adaptiveShared,
  mole: () => mole,
  entropy: () => entropy,
});

/** @throws AlphaLoraError `NOT_FOUND` for an unknown name, `INVALID_OPTION` for wrong options */
export function createRouter({ name, options }: AdapterSpec['router']): Router {
  const factory = routers.get(name);
  return factory.create(checkedOptions(factory, options));
}

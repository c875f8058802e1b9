/** The built-in policies by name. */
import { type AllocationPolicy, AlphaLoraError, type LazyRegistry } from '@alphalora/contracts';

// biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
type AnyPolicy = AllocationPolicy<any>;

export const policies: LazyRegistry<AnyPolicy> = new Map<string, () => Promise<AnyPolicy>>([
  ['alphalora', async () => (await import('./alphalora.js')).alphalora],
  ['uniform', async () => (await import('./uniform.js')).uniform],
]);

/** @throws AlphaLoraError `INVALID_OPTION` when there is no policy of that name */
export async function loadPolicy(name: string): Promise<AnyPolicy> {
  const load = policies.get(name);
  if (load) return load();
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `unknown policy "${name}": choose one of ${[...policies.keys()].join(', ')}`,
    { details: { policy: name } },
  );
}

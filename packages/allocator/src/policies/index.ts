/** The built-in policies by name, each loaded when it is asked for. */
import { type AllocationPolicy, AlphaLoraError, type LazyRegistry } from '@alphalora/contracts';

// biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
type AnyPolicy = AllocationPolicy<any>;

export const policies: LazyRegistry<AnyPolicy> = new Map<string, () => Promise<AnyPolicy>>([
  ['alphalora', async () => (await import('./alphalora.js')).alphalora],
  ['uniform', async () => (await import('./uniform.js')).uniform],
  ['mola', async () => (await import('./mola.js')).mola],
  ['random', async () => (await import('./random.js')).random],
  ['layerif', async () => (await import('./layerif.js')).layerif],
  ['alphapruning', async () => (await import('./alphapruning.js')).alphapruning],
  ['tempbalance', async () => (await import('./tempbalance.js')).tempbalance],
  ['alphadecay', async () => (await import('./alphadecay.js')).alphadecay],
  ['alphaq', async () => (await import('./alphaq.js')).alphaq],
  ['gora', async () => (await import('./gora.js')).gora],
]);

/** @throws AlphaLoraError `INVALID_OPTION` when there is no policy of that name */
export async function loadPolicy(name: string): Promise<AnyPolicy> {
  const load = policies.get(name);
  if (load) return load();
  throw new AlphaLoraError(
    'INVALID_OPTION',
    name === 'farms'
      ? 'farms is no policy but a way to measure alpha: run analyze --farms, then allocate from ' +
          'that analysis by any policy'
      : `unknown policy "${name}": choose one of ${[...policies.keys()].join(', ')}`,
    { details: { policy: name } },
  );
}

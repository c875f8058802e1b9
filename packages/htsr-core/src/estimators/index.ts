/** The built-in tail estimators by name. */
import { AlphaLoraError, type LazyRegistry, type TailEstimator } from '@alphalora/contracts';

export const estimators: LazyRegistry<TailEstimator> = new Map<
  string,
  () => Promise<TailEstimator>
>([
  ['fix-finger', async () => (await import('./fix-finger.js')).fixFinger],
  ['fix-finger-strict', async () => (await import('./fix-finger.js')).fixFingerStrict],
  ['hill', async () => (await import('./hill.js')).hill()],
  ['ks', async () => (await import('./ks.js')).ks],
  ['clip-xmax', async () => (await import('./clip-xmax.js')).clipXmax],
  ['tpl', async () => (await import('./truncated-power-law.js')).tpl],
  ['e-tpl', async () => (await import('./truncated-power-law.js')).extendedTpl],
]);

/** @throws AlphaLoraError `INVALID_OPTION` when there is no estimator of that name */
export async function loadEstimator(name: string): Promise<TailEstimator> {
  const load = estimators.get(name);
  if (load) return load();
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `unknown estimator "${name}": choose one of ${[...estimators.keys()].join(', ')}`,
    { details: { estimator: name } },
  );
}

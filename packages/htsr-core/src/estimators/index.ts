/** The tail estimators by name. A further one is a file and a line here. */
import { createRegistry, type Registry, type TailEstimator } from '@alphalora/contracts/extensions';

export { defaultEstimator } from '../defaults.js';

export const estimators: Registry<TailEstimator> = createRegistry<TailEstimator>('estimator', {
  'fix-finger': async () => (await import('./fix-finger.js')).fixFinger,
  'fix-finger-strict': async () => (await import('./fix-finger.js')).fixFingerStrict,
  hill: async () => (await import('./hill.js')).hill(),
  ks: async () => (await import('./ks.js')).ks,
  'clip-xmax': async () => (await import('./clip-xmax.js')).clipXmax,
  tpl: async () => (await import('./truncated-power-law.js')).tpl,
  'e-tpl': async () => (await import('./truncated-power-law.js')).extendedTpl,
});

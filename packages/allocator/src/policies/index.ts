/** The built-in policies by name. A further one is a file and a line here. */
import {
  type AllocationPolicy,
  createRegistry,
  type Registry,
} from '@alphalora/contracts/extensions';

// biome-ignore lint/suspicious/noExplicitAny: the options of each policy are its own
type AnyPolicy = AllocationPolicy<any>;

export const policies: Registry<AnyPolicy> = createRegistry<AnyPolicy>(
  'policy',
  {
    alphalora: async () => (await import('./alphalora.js')).alphalora,
    uniform: async () => (await import('./uniform.js')).uniform,
    mola: async () => (await import('./mola.js')).mola,
    random: async () => (await import('./random.js')).random,
    proportional: async () => (await import('./proportional.js')).proportional,
    layerif: async () => (await import('./layerif.js')).layerif,
    alphapruning: async () => (await import('./alphapruning.js')).alphapruning,
    tempbalance: async () => (await import('./tempbalance.js')).tempbalance,
    llr: async () => (await import('./llr.js')).llr,
    alphadecay: async () => (await import('./alphadecay.js')).alphadecay,
    alphaq: async () => (await import('./alphaq.js')).alphaq,
    spectrum: async () => (await import('./spectrum.js')).spectrum,
    gora: async () => (await import('./gora.js')).gora,
  },
  {
    elsewhere: {
      farms:
        'farms is no policy but a way to measure alpha: run analyze --farms, then allocate from ' +
        'that analysis by any policy',
    },
  },
);

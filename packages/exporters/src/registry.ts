/** The formats of other programs by name. A further one is a file and a line here. */
import { createRegistry, type Exporter, type Registry } from '@alphalora/contracts/extensions';

export const exporters: Registry<Exporter> = createRegistry<Exporter>('format', {
  csv: async () => (await import('./formats/csv.js')).csv,
  mola: async () => (await import('./formats/mola.js')).mola,
  guilomo: async () => (await import('./formats/guilomo.js')).guilomo,
  peft: async () => (await import('./formats/peft.js')).peft,
  axolotl: async () => (await import('./formats/axolotl.js')).axolotl,
  'llama-factory': async () => (await import('./formats/llama-factory.js')).llamaFactory,
});

/** The formats of other programs by name. A further one is a file and a line here. */
import { createRegistry, type Exporter, type Registry } from '@alphalora/contracts/extensions';

// biome-ignore lint/suspicious/noExplicitAny: the options of each format are its own
type AnyExporter = Exporter<any, any>;

export const exporters: Registry<AnyExporter> = createRegistry<AnyExporter>('format', {
  csv: async () => (await import('./formats/csv.js')).csv,
  mola: async () => (await import('./formats/mola.js')).mola,
  guilomo: async () => (await import('./formats/guilomo.js')).guilomo,
  pytorch: async () => (await import('./formats/pytorch.js')).pytorch,
  peft: async () => (await import('./formats/peft.js')).peft,
  trl: async () => (await import('./formats/trl.js')).trl,
  unsloth: async () => (await import('./formats/unsloth.js')).unsloth,
  'ms-swift': async () => (await import('./formats/ms-swift.js')).msSwift,
  transformers: async () => (await import('./formats/transformers.js')).transformers,
  axolotl: async () => (await import('./formats/axolotl.js')).axolotl,
  soup: async () => (await import('./formats/soup.js')).soup,
  spectrum: async () => (await import('./formats/spectrum.js')).spectrum,
  gptqmodel: async () => (await import('./formats/gptqmodel.js')).gptqmodel,
  'llm-compressor': async () => (await import('./formats/llm-compressor.js')).llmCompressor,
  'llama-factory': async () => (await import('./formats/llama-factory.js')).llamaFactory,
});

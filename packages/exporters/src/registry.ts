/** The built-in formats by name, each loaded when it is asked for. A new one is a file and a line. */
import { AlphaLoraError, type Exporter, type LazyRegistry } from '@alphalora/contracts';

export const exporters: LazyRegistry<Exporter> = new Map<string, () => Promise<Exporter>>([
  ['csv', async () => (await import('./formats/csv.js')).csv],
  ['mola', async () => (await import('./formats/mola.js')).mola],
  ['guilomo', async () => (await import('./formats/guilomo.js')).guilomo],
  ['peft', async () => (await import('./formats/peft.js')).peft],
  ['axolotl', async () => (await import('./formats/axolotl.js')).axolotl],
  ['llama-factory', async () => (await import('./formats/llama-factory.js')).llamaFactory],
]);

/** @throws AlphaLoraError `INVALID_OPTION` when there is no format of that name */
export async function loadExporter(name: string): Promise<Exporter> {
  const load = exporters.get(name);
  if (load) return load();
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `unknown format "${name}": --to takes ${[...exporters.keys()].join(', ')}`,
    { details: { format: name } },
  );
}

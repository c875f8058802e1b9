/**
 * Flat files of WeightWatcher (0.7, `extract_pytorch_bins`): a folder with a file of numpy for each weight
 * and each bias, numbered, and ww_config.json, which says what the tensors in them are called in the model.
 */
import type { ByteSource } from '@alphalora/contracts/weights';
import { invalid, quoted } from '../errors.js';
import { isObject, readJsonObject } from '../json.js';
import { isPlainName } from './plain-name.js';

export const FLAT_CONFIG = 'ww_config.json';

/** Some 500 bytes a layer. */
const MAX_BYTES = 100_000_000;

/**
 * @returns what the tensor in each file is called
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is malformed or names files elsewhere
 */
export async function readFlatFiles(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const { name: file } = source;
  const { layers } = await readJsonObject(source, MAX_BYTES, { signal, dialect: 'python' });
  if (!isObject(layers)) throw invalid('it has no layers', { file });
  const tensors = new Map<string, string>();
  const add = (path: unknown, tensor: string): void => {
    if (path === null || path === undefined) return;
    if (typeof path !== 'string' || !path.endsWith('.npy') || !isPlainName(path)) {
      const where = typeof path === 'string' ? quoted(path) : 'something that is no name';
      throw invalid(
        `${quoted(tensor)} is in ${where}, no .npy file beside it; give the model that was extracted`,
        { file },
      );
    }
    tensors.set(path, tensor);
  };
  for (const [number, layer] of Object.entries(layers)) {
    const { key, weightfile, biasfile } = isObject(layer) ? layer : {};
    if (typeof key !== 'string') throw invalid(`layer ${quoted(number)} has no key`, { file });
    add(weightfile, key);
    add(biasfile, key.replace(/weight$/, 'bias'));
  }
  if (tensors.size === 0) throw invalid('its layers name no files', { file });
  return tensors;
}

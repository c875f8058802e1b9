/**
 * PEFT's form: `adapter_model.safetensors` with `base_model.model.<module>.lora_A.weight` and
 * `lora_B.weight`, and `adapter_config.json` with what the scale follows from.
 */
import { invalid, quoted, unsupported } from '../../errors.js';
import type { JsonObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { loraSettings } from '../config.js';
import { type FactorName, type FormContent, pairsOf, requireModule } from './pairs.js';

export const WRAPPER = 'base_model.model.';

/**
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when the adapter is not plain LoRA, or several
 */
export function readPeft(
  tensors: readonly FileTensor[],
  file: string,
  config: JsonObject,
  configFile: string,
): FormContent {
  const settings = loraSettings(config, configFile);
  const adapters = new Set<string>();
  const unwrapped = (name: string): string =>
    name.startsWith(WRAPPER) ? name.slice(WRAPPER.length) : name;
  const { pairs, others } = pairsOf(
    tensors,
    file,
    ({ name: tensor }) => {
      const found = factorName(unwrapped(tensor), { file, tensor });
      if (!found) return undefined;
      adapters.add(found.adapter);
      requireOne(adapters, file);
      return found;
    },
    unwrapped,
  );
  return {
    pairs: pairs.map((pair) => ({
      ...pair,
      rank: settings.rankOf(pair.module),
      scale: settings.scaleOf(pair.module),
      inputFirst: settings.inputFirst,
    })),
    others,
    ...(settings.base !== undefined && { base: settings.base }),
  };
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for factors of several adapters */
export function requireOne(adapters: ReadonlySet<string>, file: string): void {
  if (adapters.size <= 1) return;
  const names = [...adapters].map((adapter) =>
    adapter === '' ? 'one without name' : quoted(adapter),
  );
  throw unsupported(
    `it holds several adapters (${names.join(', ')}); save each in a file of its own`,
    { file },
  );
}

interface PeftFactor extends FactorName {
  /** Empty when the name does not give one. */
  readonly adapter: string;
}

/**
 * `<module>.lora_A.weight`, `<module>.lora_A.<adapter>.weight`, `<module>.lora_embedding_A`, ...;
 * undefined for what is no factor.
 */
function factorName(name: string, place: { file: string; tensor: string }): PeftFactor | undefined {
  const parts = name.split('.');
  const at = parts.findLastIndex((part) => part.startsWith('lora_'));
  if (at < 0) return undefined;
  const [, embedding, letter] = /^lora_(embedding_)?([AB])$/.exec(parts[at]!) ?? [];
  if (letter === undefined) {
    throw unsupported(
      parts[at] === 'lora_magnitude_vector'
        ? 'a magnitude vector of DoRA, without which the factors do not tell the change; merge the adapter with PEFT (merge_and_unload) first'
        : /^lora_[AB]_\d+$/.test(parts[at]!)
          ? 'a factor of one of several experts, which are no change of one weight; open adapters of one expert each'
          : `${quoted(parts[at]!)} is no factor of plain LoRA; merge the adapter with PEFT (merge_and_unload) first`,
      place,
    );
  }
  const rest = parts.slice(at + 1);
  if (letter === 'B' && !embedding && rest.at(-1) === 'bias') return undefined;
  // Factors of embeddings are parameters of their own, not layers with a weight.
  if (!embedding && rest.pop() !== 'weight') throw invalid('no name of a LoRA factor', place);
  if (rest.length > 1) throw invalid('no name of a LoRA factor', place);
  const module = parts.slice(0, at).join('.');
  requireModule(module, place);
  return {
    module,
    factor: letter === 'A' ? 'a' : 'b',
    embedding: embedding !== undefined,
    adapter: rest[0] ?? '',
  };
}

/** The families of models that can be computed. */
import type { DecoderConfig } from '../config.js';
import { gemma } from './gemma.js';
import { gptNeoX } from './gpt-neox.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { mixtral } from './mixtral.js';
import { olmoe } from './olmoe.js';
import { qwen2 } from './qwen2.js';
import { qwen3Moe } from './qwen3-moe.js';
import { modelTypeOf } from './settings.js';

interface Family {
  /** Name for people. */
  readonly title: string;
  /** @param json the parsed config.json @throws AlphaLoraError as `decoderConfig` */
  readonly config: (
    json: unknown,
    tensors: ReadonlyArray<{ readonly name: string }>,
  ) => DecoderConfig;
}

/** By the `model_type` of config.json. */
const families: Readonly<Record<string, Family>> = {
  llama: { title: 'Llama', config: llama },
  mistral: { title: 'Mistral', config: mistral },
  qwen2: { title: 'Qwen2', config: qwen2 },
  mixtral: { title: 'Mixtral', config: mixtral },
  qwen3_moe: { title: 'Qwen3-MoE', config: qwen3Moe },
  olmoe: { title: 'OLMoE', config: olmoe },
  gemma: { title: 'Gemma', config: gemma },
  gpt2: { title: 'GPT-2', config: gpt2 },
  gpt_neox: { title: 'GPT-NeoX', config: gptNeoX },
};

/**
 * @param json the parsed `config.json`
 * @param tensors of the checkpoint, where some programs leave out the name of the whole model. @default named in full
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another architecture, activation or kind of
 *   positions, `INVALID_CHECKPOINT` for a setting that is missing or has an impossible value
 */
export function decoderConfig(
  json: unknown,
  tensors: ReadonlyArray<{ readonly name: string }> = [],
): DecoderConfig {
  return families[modelTypeOf(json, Object.keys(families))]!.config(json, tensors);
}

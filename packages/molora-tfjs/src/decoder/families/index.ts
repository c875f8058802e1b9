/** The families of models that can be computed. */
import type { DecoderConfig } from '../config.js';
import { gemma } from './gemma.js';
import { gemma2 } from './gemma2.js';
import { gemma3 } from './gemma3.js';
import { gptNeoX } from './gpt-neox.js';
import { gpt2 } from './gpt2.js';
import { llama } from './llama.js';
import { mistral } from './mistral.js';
import { mixtral } from './mixtral.js';
import { olmo2 } from './olmo2.js';
import { olmoe } from './olmoe.js';
import { phi3 } from './phi3.js';
import { qwen2 } from './qwen2.js';
import { qwen3 } from './qwen3.js';
import { qwen3Moe } from './qwen3-moe.js';
import { modelTypeOf } from './settings.js';
import { smollm3 } from './smollm3.js';

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
  mixtral: { title: 'Mixtral', config: mixtral },
  smollm3: { title: 'SmolLM3', config: smollm3 },
  olmo2: { title: 'OLMo 2', config: olmo2 },
  olmoe: { title: 'OLMoE', config: olmoe },
  qwen2: { title: 'Qwen2', config: qwen2 },
  qwen3: { title: 'Qwen3', config: qwen3 },
  qwen3_moe: { title: 'Qwen3-MoE', config: qwen3Moe },
  phi3: { title: 'Phi-3', config: phi3 },
  gemma: { title: 'Gemma', config: gemma },
  gemma2: { title: 'Gemma 2', config: gemma2 },
  gemma3_text: { title: 'Gemma 3', config: gemma3 },
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

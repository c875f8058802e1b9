/** Llama (Touvron et al., arXiv:2302.13971), which the others are described by. */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { commonSettings } from './settings.js';

export function llama(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  const { attention_bias: bias } = settings;
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias, feedForward: settings.mlp_bias },
  });
}

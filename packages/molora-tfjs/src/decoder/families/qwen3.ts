/** Qwen3 (Yang et al., arXiv:2505.09388): each head's queries and keys are normalised. */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { commonSettings } from './settings.js';
import { windowsOfQwen } from './windows.js';

export function qwen3(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  const { attention_bias: bias } = settings;
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias },
    headSize: 128,
    headNorms: 'each',
    window: windowsOfQwen(settings),
  });
}

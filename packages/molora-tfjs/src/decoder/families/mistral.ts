/** Mistral (Jiang et al., arXiv:2310.06825): Llama with a sliding window. */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { commonSettings } from './settings.js';

export function mistral(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  const { attention_bias: bias, sliding_window } = settings;
  // Absent is transformers' default, null is none.
  const window = sliding_window === undefined ? 4096 : (sliding_window ?? undefined);
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias },
    window: () => window,
  });
}

/** Qwen2 (Yang et al., arXiv:2407.10671): biases of queries, keys and values; a window in the later blocks. */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { type CommonSettings, commonSettings } from './settings.js';

export function qwen2(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  return likeLlama(settings, {
    biases: { queryKeyValue: true },
    window: (block) => windowOfQwen(settings, block),
  });
}

function windowOfQwen(
  { sliding_window, use_sliding_window, max_window_layers }: CommonSettings,
  block: number,
): number | undefined {
  return use_sliding_window && block >= (max_window_layers ?? 28)
    ? (sliding_window ?? 4096)
    : undefined;
}

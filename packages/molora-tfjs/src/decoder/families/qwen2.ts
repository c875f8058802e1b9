/** Qwen2 (Yang et al., arXiv:2407.10671): biases of queries, keys and values; a window in the later blocks. */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { commonSettings } from './settings.js';
import { windowsOfQwen } from './windows.js';

export function qwen2(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  return likeLlama(settings, {
    biases: { queryKeyValue: true },
    window: windowsOfQwen(settings),
  });
}

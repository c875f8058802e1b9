/** Mixtral (Jiang et al., arXiv:2401.04088): Mistral with a mixture of experts in every block. */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { mixtureOf, mixtureSettings } from './mixture.js';
import { commonSettings } from './settings.js';

const names = { module: 'block_sparse_moe', gate: 'w1', up: 'w3', down: 'w2' };

export function mixtral(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  // Gates of the chosen experts sum to one, whatever the file says.
  const experts = { ...mixtureSettings(json, settings), width: undefined, normalized: true };
  const window = settings.sliding_window ?? undefined;
  return likeLlama(settings, {
    window: () => window,
    feedForward: mixtureOf(settings, experts, names),
  });
}

/** Qwen3-MoE (Yang et al., arXiv:2505.09388): Qwen3 with mixtures of small experts, in all blocks or in some. */
import * as v from 'valibot';
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { mixtureOf, mixtureSettings, usualNames } from './mixture.js';
import { commonSettings, parseSettings, size } from './settings.js';

/** Which blocks are mixtures: every so many, but for those that are listed. */
const sparse = v.looseObject({
  decoder_sparse_step: v.optional(size, 1),
  mlp_only_layers: v.nullish(v.array(v.number())),
});

export function qwen3Moe(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  const { attention_bias: bias } = settings;
  const { decoder_sparse_step: step, mlp_only_layers: others } = parseSettings(sparse, json);
  const dense = new Set(others ?? []);
  const mixture = mixtureOf(settings, mixtureSettings(json, settings), usualNames);
  const window = settings.use_sliding_window ? (settings.sliding_window ?? 4096) : undefined;
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias },
    headNorms: 'each',
    window: () => window,
    feedForward: (block) =>
      (block + 1) % step === 0 && !dense.has(block) ? mixture(block) : undefined,
  });
}

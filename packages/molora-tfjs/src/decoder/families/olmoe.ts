/** OLMoE (Muennighoff et al., arXiv:2409.02060): mixtures in all blocks; queries and keys are normalized. */
import * as v from 'valibot';
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { mixtureOf, mixtureSettings, usualNames } from './mixture.js';
import { commonSettings, parseSettings, unsupported } from './settings.js';

export function olmoe(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  const { attention_bias: bias } = settings;
  const { clip_qkv: clip } = parseSettings(
    v.looseObject({ clip_qkv: v.nullish(v.number()) }),
    json,
  );
  if (typeof clip === 'number') {
    throw unsupported(`clip_qkv ${clip}: queries, keys and values are not clipped here`);
  }
  // The width of an expert is intermediate_size.
  const experts = { ...mixtureSettings(json, settings), width: undefined };
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias },
    headNorms: 'all',
    feedForward: mixtureOf(settings, experts, usualNames),
  });
}

/**
 * Phi-3 (arXiv:2404.14219), which Phi-3.5 and Phi-4 share: queries, keys and values are one projection, gate
 * and up another; positions for long contexts, in later models of a part of each head.
 */
import * as v from 'valibot';
import type { DecoderConfig, RopeConfig } from '../config.js';
import { headsOf, likeLlama } from './like-llama.js';
import { longRope } from './longrope.js';
import {
  type CommonSettings,
  commonSettings,
  invalid,
  parseSettings,
  positive,
  ropeOf,
  size,
} from './settings.js';

const ownSettings = v.looseObject({
  original_max_position_embeddings: v.optional(size),
  partial_rotary_factor: v.optional(v.pipe(positive, v.maxValue(1))),
});

export function phi3(json: unknown): DecoderConfig {
  const settings = commonSettings(json, { rms_norm_eps: 1e-5 });
  const positions = ropeOfPhi(settings, json);
  const window = settings.sliding_window ?? undefined;
  return likeLlama(settings, {
    fused: true,
    rope: () => positions,
    window: () => window,
  });
}

function ropeOfPhi(settings: CommonSettings, json: unknown): RopeConfig {
  const own = parseSettings(ownSettings, json);
  const given = settings.rope_parameters ?? settings.rope_scaling;
  const { headSize } = headsOf(settings);
  const share = given?.partial_rotary_factor ?? own.partial_rotary_factor ?? 1;
  const rotated = Math.floor(headSize * share);
  if (rotated % 2 !== 0) {
    throw invalid(`partial_rotary_factor ${share} of ${headSize} is ${rotated}, which is not even`);
  }
  const part = rotated === headSize ? {} : { size: rotated };
  const type = given?.rope_type ?? given?.type ?? 'default';
  // Earlier names of the same thing.
  if (!given || !['longrope', 'su', 'yarn'].includes(type)) return { ...ropeOf(settings), ...part };
  const theta = settings.rope_theta ?? given.rope_theta ?? 10_000;
  const scaling = longRope(given, {
    rotated,
    positions: settings.max_position_embeddings,
    originalPositions:
      own.original_max_position_embeddings ?? given.original_max_position_embeddings ?? 4096,
  });
  return { theta, scaling, ...part };
}

/**
 * The text model of Gemma 3 (arXiv:2503.19786): Gemma 2 without the cap of attention, with normalised heads,
 * and with five blocks of a window to each block that attends to everything, which have positions of their own.
 */
import * as v from 'valibot';
import type { DecoderConfig } from '../config.js';
import { gemmaSettings } from './gemma-settings.js';
import { differencesOfGemma } from './gemma2.js';
import { likeLlama } from './like-llama.js';
import {
  parseSettings,
  positive,
  type RopeSettings,
  ropeBy,
  ropeSettings,
  size,
  unsupported,
} from './settings.js';
import { layerTypes } from './windows.js';

const schema = v.looseObject({
  sliding_window_pattern: v.optional(size, 6),
  rope_theta: v.optional(positive),
  rope_local_base_freq: v.optional(positive),
  rope_scaling: v.nullish(ropeSettings),
  /** From transformers 5 on, by type of layer. */
  rope_parameters: v.nullish(
    v.looseObject({
      full_attention: v.nullish(ropeSettings),
      sliding_attention: v.nullish(ropeSettings),
    }),
  ),
});

export function gemma3(json: unknown): DecoderConfig {
  const { rope_parameters, rope_scaling, ...own } = parseSettings(schema, json);
  // The common settings know one kind of positions only.
  const settings = gemmaSettings(
    { ...Object(json), rope_parameters: null, rope_scaling: null },
    {},
  );
  if (settings.caps.attention !== undefined) {
    throw unsupported(
      'attn_logit_softcapping is set, which transformers ignores in this family: set it to null',
    );
  }
  const types = layerTypes(settings, (block) => (block + 1) % own.sliding_window_pattern !== 0);
  const window =
    settings.sliding_window === undefined ? 4096 : (settings.sliding_window ?? undefined);
  const positions = (given: RopeSettings | null | undefined, theta: number) =>
    ropeBy(given?.rope_theta ?? theta, given);
  const full = positions(
    rope_parameters?.full_attention ?? rope_scaling,
    own.rope_theta ?? 1_000_000,
  );
  const local = positions(rope_parameters?.sliding_attention, own.rope_local_base_freq ?? 10_000);
  const isLocal = (block: number): boolean => types[block] === 'sliding_attention';
  return likeLlama(settings, {
    ...differencesOfGemma(settings),
    headNorms: 'each',
    rope: (block) => (isLocal(block) ? local : full),
    window: (block) => (isLocal(block) ? window : undefined),
  });
}

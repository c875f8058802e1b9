/** Settings that Gemma 2 and 3 have beyond the common ones. */
import * as v from 'valibot';
import {
  type CommonSettings,
  commonSettings,
  parseSettings,
  positive,
  unsupported,
} from './settings.js';

interface Caps {
  readonly attention?: number | undefined;
  readonly logits?: number | undefined;
}

export interface SettingsOfGemma extends CommonSettings {
  readonly caps: Caps;
  /** Queries are divided by its root. */
  readonly query_pre_attn_scalar: number;
}

const schema = v.looseObject({
  query_pre_attn_scalar: v.optional(positive, 256),
  attn_logit_softcapping: v.nullish(positive),
  final_logit_softcapping: v.nullish(positive),
  use_bidirectional_attention: v.nullish(v.union([v.boolean(), v.string()])),
});

/** @param usual caps where the file does not speak of them; null is none */
export function gemmaSettings(json: unknown, usual: Caps): SettingsOfGemma {
  const own = parseSettings(schema, json);
  if (own.use_bidirectional_attention) {
    throw unsupported(
      'use_bidirectional_attention is set: tokens that see later ones cannot be computed here',
    );
  }
  const cap = (given: number | null | undefined, usual: number | undefined): number | undefined =>
    given === undefined ? usual : (given ?? undefined);
  return {
    ...commonSettings(json),
    query_pre_attn_scalar: own.query_pre_attn_scalar,
    caps: {
      attention: cap(own.attn_logit_softcapping, usual.attention),
      logits: cap(own.final_logit_softcapping, usual.logits),
    },
  };
}

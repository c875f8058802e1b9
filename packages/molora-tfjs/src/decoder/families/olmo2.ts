/**
 * OLMo 2 (arXiv:2501.00656): what attention and the feed-forward layer give is normalised, not what they take
 * in; queries and keys are normalised over all heads together.
 */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { commonSettings } from './settings.js';

export function olmo2(json: unknown): DecoderConfig {
  const settings = commonSettings(json, { rms_norm_eps: 1e-5 });
  const { attention_bias: bias } = settings;
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias },
    headNorms: 'all',
    norms: {
      afterAttention: 'post_attention_layernorm',
      afterFeedForward: 'post_feedforward_layernorm',
    },
  });
}

/**
 * Gemma 2 (arXiv:2408.00118): Gemma with normalisations before and after both layers, a window in every other
 * block, and caps of attention and of the logits.
 */
import type { DecoderConfig } from '../config.js';
import { gemmaSettings, type SettingsOfGemma } from './gemma-settings.js';
import { type Differences, likeLlama } from './like-llama.js';
import { layerTypes } from './windows.js';

export function gemma2(json: unknown): DecoderConfig {
  const settings = gemmaSettings(json, { attention: 50, logits: 30 });
  const types = layerTypes(settings, (block) => block % 2 === 0);
  const window =
    settings.sliding_window === undefined ? 4096 : (settings.sliding_window ?? undefined);
  return likeLlama(settings, {
    ...differencesOfGemma(settings),
    window: (block) => (types[block] === 'sliding_attention' ? window : undefined),
  });
}

/** What Gemma 2 and 3 have in common. */
export function differencesOfGemma(settings: SettingsOfGemma): Differences {
  const { attention_bias: bias, caps, query_pre_attn_scalar: scalar } = settings;
  return {
    biases: { queryKeyValue: bias, output: bias },
    headSize: 256,
    tiedEmbeddings: true,
    activation: settings.hidden_activation ?? 'gelu_pytorch_tanh',
    normOffset: 1,
    embeddingScale: Math.sqrt(settings.hidden_size),
    attention: { scale: scalar ** -0.5, ...(caps.attention && { softCap: caps.attention }) },
    ...(caps.logits && { logitCap: caps.logits }),
    norms: {
      beforeAttention: 'input_layernorm',
      afterAttention: 'post_attention_layernorm',
      beforeFeedForward: 'pre_feedforward_layernorm',
      afterFeedForward: 'post_feedforward_layernorm',
    },
  };
}

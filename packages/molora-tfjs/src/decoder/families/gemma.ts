/** Gemma (arXiv:2403.08295): GeGLU, gains stored as differences from 1, scaled embeddings. */
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { commonSettings } from './settings.js';

export function gemma(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  const { attention_bias: bias } = settings;
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias },
    headSize: 256,
    tiedEmbeddings: true,
    // The first files said "gelu" in hidden_act and meant the approximation that it was trained with.
    activation: settings.hidden_activation ?? 'gelu_pytorch_tanh',
    normOffset: 1,
    embeddingScale: Math.sqrt(settings.hidden_size),
  });
}

/** SmolLM3 (huggingface.co/blog/smollm3): Llama without positions in every fourth block. */
import * as v from 'valibot';
import type { DecoderConfig } from '../config.js';
import { likeLlama } from './like-llama.js';
import { commonSettings, invalid, parseSettings, ropeOf, size } from './settings.js';
import { layerTypes } from './windows.js';

const ownSettings = v.looseObject({
  /** By block: 1 for those that know positions. */
  no_rope_layers: v.nullish(v.array(v.picklist([0, 1]))),
  no_rope_layer_interval: v.optional(size, 4),
});

export function smollm3(json: unknown): DecoderConfig {
  const settings = commonSettings(json);
  const own = parseSettings(ownSettings, json);
  const { attention_bias: bias, num_hidden_layers: blocks, sliding_window } = settings;
  const listed = own.no_rope_layers;
  if (listed && listed.length < blocks) {
    throw invalid(`no_rope_layers has ${listed.length} entries, for ${blocks} blocks`);
  }
  const positions = ropeOf(settings, 2_000_000);
  const knowsPositions = (block: number): boolean =>
    listed ? listed[block] === 1 : (block + 1) % own.no_rope_layer_interval !== 0;
  const types = layerTypes(settings, (block) => !knowsPositions(block));
  const window = settings.use_sliding_window ? (sliding_window ?? undefined) : undefined;
  return likeLlama(settings, {
    biases: { queryKeyValue: bias, output: bias, feedForward: settings.mlp_bias },
    tiedEmbeddings: true,
    rope: (block) => (knowsPositions(block) ? positions : undefined),
    window: (block) => (types[block] === 'sliding_attention' ? window : undefined),
  });
}

/** What family a model is of, as its configuration says: of a multimodal model, those of its parts too. */
import { type ModelConfig, nestedConfig } from './config.js';

/**
 * `model_type` of the model and of its parts, without the part that it is (`qwen3_vl_text`); where there
 * is none, what diffusers and timm have in its place.
 */
export function familiesOf(config: ModelConfig, depth = 3): string[] {
  const own = [config['model_type'], config['_class_name']].find(isName);
  const parts = Object.entries(config).flatMap(([name, inner]) => {
    const isPart = name.endsWith('_config') && typeof inner === 'object' && inner !== null;
    return isPart && depth > 1 ? familiesOf(inner as ModelConfig, depth - 1) : [];
  });
  const found = [...(own === undefined ? [] : [own.replace(ending, '')]), ...parts];
  if (found.length > 0) return [...new Set(found)];
  return depth === 3 && isName(config['architecture']) ? ['timm'] : [];
}

const ending = /_(text|vision|audio|thinker|talker|sam|qformer)(_\w+)?$/;

/** Longer ones are no names, and would cost time. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 100;
}

/** Where models keep the settings of what stands beside the text model, by what its stack is called. */
const parts: ReadonlyArray<readonly [stack: RegExp, config: string]> = [
  [/vis|image|img|vit|vpm|sam_model/, 'vision_config'],
  [/audio|speech|apm/, 'audio_config'],
  [/qformer/, 'qformer_config'],
];

/**
 * The settings of the model that a stack is of: the text model's, also for blocks that only stand apart from
 * its other ones; those of a part; none where no part is known for it.
 */
export function settingsOf(stack: string | undefined, config: ModelConfig): ModelConfig {
  if (stack === undefined || /(^mtp\b|\.(mtp|extra)$)/.test(stack)) return config;
  const part = parts.find(([pattern]) => pattern.test(stack));
  return (part && nestedConfig(config, part[1])) ?? {};
}

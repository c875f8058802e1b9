/** What family a model is of, as its configuration says: of a multimodal model, those of its parts too. */
import type { ModelConfig } from './config.js';

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
  const found = [...(own === undefined ? [] : [own.replace(part, '')]), ...parts];
  if (found.length > 0) return [...new Set(found)];
  return depth === 3 && isName(config['architecture']) ? ['timm'] : [];
}

const part = /_(text|vision|audio|thinker|talker|sam|qformer)(_\w+)?$/;

/** Longer ones are no names, and would cost time. */
function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 100;
}

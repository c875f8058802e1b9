/**
 * The modules that an adapter of llama.cpp changes, by their names in a file and in the model: what
 * `convert_lora_to_gguf.py` of ggml-org/llama.cpp makes of them.
 */
import { unsupported } from '../errors.js';
import { type Family, families, familyOf } from '../formats/gguf/families/index.js';
import { architectureIn, numberIn, type Settings } from '../formats/gguf/settings.js';
import { rowsOf } from '../formats/gguf/tensors.js';
import { type ModelConfig, setting, sizeSetting, textSetting } from '../naming/config.js';
import type { RowGroup } from '../tensors/recipe.js';
import { withoutPrefixes } from './modules.js';

/** The family of a file, by its `general.architecture`; undefined for one that is not known. */
export function familyIn(settings: Settings): Family | undefined {
  return familyOf(architectureIn(settings), numberIn(settings, 'expert_count') ?? 0);
}

/** From `blk.3.attn_q` to the module; undefined for one that the family does not have. */
export function moduleIn(name: string, family: Family): string | undefined {
  const { blocks, inner, outer } = family;
  const [, block, own] = /^blk\.(\d{1,4})\.(.+)$/s.exec(name) ?? [];
  if (own === undefined) return Object.hasOwn(outer, name) ? outer[name] : undefined;
  const module = Object.hasOwn(inner, own) ? inner[own]! : '{}';
  return module.includes('{}') ? undefined : `${blocks}.${block}.${module}`;
}

/** From a module to `blk.3.attn_q`; prefixes of its name do not count. */
export function fileName(module: string, family: Family): string | undefined {
  const plain = withoutPrefixes(module);
  for (const [own, outer] of Object.entries(family.outer)) {
    if (withoutPrefixes(outer) === plain) return own;
  }
  const blocks = withoutPrefixes(`${family.blocks}.`);
  if (!plain.startsWith(blocks)) return undefined;
  const [, block, inner] = /^(\d{1,4})\.(.+)$/s.exec(plain.slice(blocks.length)) ?? [];
  const known = Object.entries(family.inner).find(
    ([own, each]) => each === inner && !own.endsWith('norm'),
  );
  return known && `blk.${block}.${known[0]}`;
}

/** Whether the order of a projection's rows takes the numbers of heads, and these are not among the settings. */
export function lacksHeads(name: string, family: Family, settings: Settings): boolean {
  const [, block, part] = /^blk\.(\d+)\.attn_(qkv|q|k)$/.exec(name) ?? [];
  const isOrdered = part === 'qkv' ? family.ungrouped : part !== undefined && family.interleaved;
  return (
    isOrdered === true && numberIn(settings, 'attention.head_count', Number(block)) === undefined
  );
}

/** The order of the rows of B of a projection; undefined where it is that of the model. */
export function rowsOfUpdate(
  name: string,
  outputs: number,
  { settings, family, file }: { settings: Settings; family: Family; file: string },
): readonly RowGroup[] | undefined {
  return rowsOf({ name: `${name}.weight`, shape: [outputs] }, family, settings, file);
}

/** Families whose files call themselves otherwise. */
const sameFile: Readonly<Record<string, string>> = { mistral: 'llama' };

/**
 * What a file of the model says of its architecture and heads, from its config.json.
 *
 * @param architecture where the file says it
 * @param source of the configuration, for messages
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for a family that is not known, or without heads
 */
export function settingsOfConfig(
  config: ModelConfig,
  { architecture: given, source }: { architecture?: string | undefined; source: string },
): Settings {
  const experts = sizeSetting(config, 'num_local_experts', 'num_experts');
  const architecture = given ?? architectureOf(config, source);
  const queries = sizeSetting(config, 'num_attention_heads', 'n_head', 'num_heads', 'n_heads');
  if (queries === undefined) {
    throw unsupported(
      'the configuration of the base does not say num_attention_heads, by which llama.cpp orders the rows of queries and keys; give the model with its config.json',
      { file: source },
    );
  }
  const own = sizeSetting(config, 'num_key_value_heads', 'num_kv_heads', 'n_head_kv');
  const single = setting(config, 'multi_query') === true;
  const keys = single && setting(config, 'new_decoder_architecture') !== true ? 1 : own;
  return {
    'general.architecture': architecture,
    [`${architecture}.attention.head_count`]: String(queries),
    [`${architecture}.attention.head_count_kv`]: String(keys ?? queries),
    ...(experts !== undefined && { [`${architecture}.expert_count`]: String(experts) }),
  };
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` */
function architectureOf(config: ModelConfig, source: string): string {
  const type = textSetting(config, 'model_type');
  const list = setting(config, 'architectures');
  const classes = Array.isArray(list) ? list : [];
  if (type === 'mixtral' || classes.includes('MixtralForCausalLM')) return 'llama';
  const found =
    Object.keys(families).find((each) => classes.includes(families[each]!.architecture)) ??
    Object.keys(families).find((each) => families[each]!.modelType === type);
  if (found !== undefined) return sameFile[found] ?? found;
  throw unsupported(
    `llama.cpp's names for the modules of ${type ?? 'a model without model_type'} are not known here; use convert_lora_to_gguf.py of llama.cpp`,
    { file: source },
  );
}

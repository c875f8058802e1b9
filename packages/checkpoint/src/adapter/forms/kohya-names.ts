/**
 * Names of kohya's sd-scripts (`networks/lora.py`): `lora_unet_` or `lora_te_`, then the path of the
 * module with underscores for its dots, which names have as well. The dots that are sure come back:
 * around the numbers of lists, and after modules that are known to hold others.
 */

const components: ReadonlyArray<readonly [prefix: RegExp, component: string]> = [
  [/^lora_unet_/, 'unet.'],
  [/^lora_te1?_/, 'text_encoder.'],
  [/^lora_te2_/, 'text_encoder_2.'],
  [/^lora_te3_/, 'text_encoder_3.'],
  [/^(lora|lycoris)_/, ''],
];

/** Whether a module is named as kohya names them. */
export function isKohyaModule(module: string): boolean {
  return /^(lora|lycoris)_[^.]+$/.test(module);
}

/** E.g. `unet.mid_block.attentions.0.proj_in` of `lora_unet_mid_block_attentions_0_proj_in`. */
export function kohyaModule(name: string): string {
  const [prefix, component] = components.find(([each]) => each.test(name)) ?? [/^/, ''];
  return component + dotted(name.replace(prefix, ''));
}

/** Members of a list, before their number. */
const list =
  /^(\w*?(?:blocks?|layers?|attentions|resnets|downsamplers|upsamplers|net|to_out|mlp|ffn|modulation|time_embed|out))_(?=\d+(?:_|$))(.+)$/;
const number = /^(\d+)(?:_(.+))?$/;
/** Modules of the families that sd-scripts trains, which hold others. */
const container =
  /^(model|encoder|decoder|text_model|mid_block|self_attn|cross_attn|attn[12]?|SelfAttention|EncDecAttention|DenseReluDense|attention|mlp|ff|ff_context|ffn|feed_forward|(?:img|txt)_(?:attn|mlp|mod)|(?:x|context)_block|modulation|time_embedding|final_layer)_(.+)$/;

function dotted(flat: string): string {
  const parts: string[] = [];
  for (let rest: string | undefined = flat; rest !== undefined; ) {
    const [, part, next]: ReadonlyArray<string | undefined> = number.exec(rest) ??
      container.exec(rest) ??
      list.exec(rest) ?? ['', rest];
    parts.push(part!);
    rest = next;
  }
  return parts.join('.');
}

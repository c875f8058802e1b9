/**
 * The words that name modules across families, and what a weight with such a name is for.
 * Matched against the segments between the dots, each by itself.
 */
import type { WeightKind } from '@alphalora/contracts';

/** Companions of quantised weights: packing and scales, not weights themselves. */
const quantisation =
  /^(qzeros|scales|g_idx|SCB|absmax|nested_absmax|quant_map|nested_quant_map|quant_state.*|(weight|input|output|k|v)_scale(_inv|_2)?|weight_zero_point|weight_shape|.*_scales)$/;

/** Tables that a module keeps beside its weights: causal masks, rotary frequencies. */
const buffer = /^(masked_bias|inv_freq|position_ids|token_type_ids|rotary_emb)$/;

const norm = /norm|^ln(_.*)?$/i;
const embedding = /^(wte|wpe|relative_attention_bias)$|embed/i;
const router = /^(router|shared_expert_gate)$/;
const head = /^(lm_head|embed_out|score|classifier|qa_outputs|vocab_projector)$/;
/** Heads whose last segment alone could be anything: Meta's Llama files, BERT's pretraining head. */
const headPath =
  /^(output|.*\.cls\.predictions\.decoder|cls\.predictions\.decoder|cls\.seq_relationship)$/;
/** Low-rank factors: their spectra say nothing about the weight that they adapt. */
const adapter = /^lora_(embedding_)?[AB]$/;

/** A name such as `h.0.attn.c_attn.weight`, taken apart. */
export interface NameParts {
  /** `h.0.attn.c_attn` */
  readonly module: string;
  /** `weight`; a parameter with a name of its own, such as `experts.gate_up_proj`, is a module. */
  readonly parameter: string;
}

export function splitName(name: string): NameParts {
  const dot = name.lastIndexOf('.');
  const last = name.slice(dot + 1);
  const isParameter = /^(q?weight|bias|weight_[gv])$/.test(last) || quantisation.test(last);
  if (dot > 0 && isParameter) return { module: name.slice(0, dot), parameter: last };
  return { module: name, parameter: last.endsWith('_bias') ? 'bias' : '' };
}

/** @param inBlock whether the weight belongs to one of the model's blocks */
export function kindOf(name: string, shape: readonly number[], inBlock: boolean): WeightKind {
  const { module, parameter } = splitName(name);
  const segments = module.split('.');
  const some = (word: RegExp): boolean => segments.some((segment) => word.test(segment));
  const rank = shape.length;
  if (quantisation.test(parameter) || some(buffer) || some(adapter)) return 'other';
  // `attn.bias` with four axes is GPT-2's causal mask.
  if (parameter === 'bias') return rank < 3 ? 'bias' : 'other';
  if (some(norm)) return 'norm';
  if (!inBlock && (some(head) || headPath.test(module))) return 'head';
  if (some(embedding) || segments[0] === 'shared') return 'embedding';
  // Vectors called `weight` are the gains of norms; others (`A_log`, `D`) are what they are.
  if (rank < 2) return rank === 1 && parameter === 'weight' ? 'norm' : 'other';
  if (!inBlock) return 'other';
  return some(router) || segments.at(-1) === 'gate' ? 'router' : 'projection';
}

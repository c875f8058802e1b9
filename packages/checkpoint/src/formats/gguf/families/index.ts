/**
 * What llama.cpp calls the families of models and their weights, and what transformers does
 * (`convert_hf_to_gguf.py` of ggml-org/llama.cpp, `gguf-py/gguf/tensor_mapping.py`; huggingface/
 * transformers, `models/<family>/modeling_<family>.py`).
 */
import { encoders } from './encoders.js';
import type { Family, Names } from './family.js';
import { gptLike } from './gpt.js';
import { llama, llamaLike, mixtral } from './llama.js';
import { stateSpace } from './state-space.js';

export type { Family, Names } from './family.js';

/** By `general.architecture`. */
export const families: Readonly<Record<string, Family>> = {
  ...llamaLike,
  ...gptLike,
  ...encoders,
  ...stateSpace,
};

/**
 * @param experts how many a block has
 * @returns undefined for one that is not known: then names of modules are as for Llama, which most follow
 */
export function familyOf(architecture: string, experts: number): Family | undefined {
  // Files of Mixtral call themselves Llama.
  if (architecture === 'llama' && experts > 0) return mixtral;
  return Object.hasOwn(families, architecture) ? families[architecture] : undefined;
}

/** How unknown families are read. */
export const unknownFamily: Names = llama;

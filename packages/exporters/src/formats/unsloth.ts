/**
 * `unsloth_lora.py` for Unsloth (docs.unsloth.ai), whose `get_peft_model` hands keyword arguments that it does
 * not know on to PEFT's `LoraConfig` (`FastLlamaModel.get_peft_model` and `FastBaseModel.get_peft_model`,
 * 2026.10), `rank_pattern`, `alpha_pattern` and `exclude_modules` among them. It sets `task_type` itself.
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { type LoraOptions, loraOptions } from '../shared/lora/options.js';
import { loraArguments } from '../shared/lora/peft-config.js';
import { loraFile } from '../shared/lora/python-file.js';

export const unsloth: Exporter<Allocation, LoraOptions> = {
  name: 'unsloth',
  kinds: ['allocation'],
  units: ['experts', 'rank', 'selection'],
  options: loraOptions,
  export(allocation, options) {
    const { config: all, notes: found } = loraArguments(allocation, 'unsloth', options);
    const { task_type: _, target_parameters = [], ...rest } = all;
    // Without any, it looks for experts by itself and adapts them.
    const config = { ...rest, target_parameters };
    const notes = [
      ...found,
      ...(options.dropout > 0
        ? ['Unsloth is faster with dropout 0, which its fused kernels are for']
        : []),
    ];
    const text = loraFile({ trainer: 'Unsloth', usage, notes, config, program });
    return { files: { 'unsloth_lora.py': text }, notes };
  },
};

const usage = `
    from unsloth import FastLanguageModel
    from unsloth_lora import get_peft_model

    model, tokenizer = FastLanguageModel.from_pretrained("<model>", max_seq_length=2048)
    model = get_peft_model(model)

Of a model that FastModel or FastVisionModel loaded: get_peft_model(model, FastModel).
`;

const program = `
def get_peft_model(model, loader=None, **options):
    """The model with the LoRAs.

    loader is the class of Unsloth that loaded it (default: FastLanguageModel); options are further arguments of
    its get_peft_model, such as random_state.
    """
    from copy import deepcopy

    if loader is None:
        from unsloth import FastLanguageModel as loader
    return loader.get_peft_model(model, **deepcopy(LORA), **options)
`;

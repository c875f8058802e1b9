/**
 * `adapter_config.json` of PEFT (huggingface.co/docs/peft/package_reference/lora): the arguments of
 * its `LoraConfig`, which `LoraConfig.from_pretrained(folder)` reads, with the rank of each module.
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { loraModules, loraNotes, ranksOf } from '../shared/adapters.js';

export const peft: Exporter<Allocation> = {
  name: 'peft',
  kinds: ['allocation'],
  units: ['experts', 'rank'],
  export(allocation) {
    const modules = loraModules(allocation, 'peft');
    const { r, lora_alpha, rank_pattern, alpha_pattern } = ranksOf(modules);
    const config = {
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      base_model_name_or_path: null,
      r,
      lora_alpha,
      lora_dropout: 0,
      bias: 'none',
      use_rslora: false,
      // Full names rather than roles: modules with rank 0 must not be found, and PEFT has no rank 0.
      target_modules: modules.map(({ module }) => module),
      rank_pattern,
      alpha_pattern,
    };
    const notes = [
      ...loraNotes(allocation, 'peft'),
      ...(Object.keys(rank_pattern).length > 0
        ? [
            'the ranks need PEFT 0.15 or later; an older one, or a program that ignores ' +
              `rank_pattern, gives every module rank ${r}`,
          ]
        : []),
    ];
    return { files: { 'adapter_config.json': `${JSON.stringify(config, null, 2)}\n` }, notes };
  },
};

/**
 * `adapter_config.json` of PEFT (huggingface.co/docs/peft/package_reference/lora): the arguments of
 * its `LoraConfig`, which `LoraConfig.from_pretrained(folder)` reads, with the rank of each module.
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { type TaskOptions, taskOptions } from '../shared/lora/options.js';
import { loraSettings } from '../shared/lora/settings.js';
import { taskTypeOf } from '../shared/lora/task-type.js';

export const peft: Exporter<Allocation, TaskOptions> = {
  name: 'peft',
  kinds: ['allocation'],
  units: ['experts', 'rank', 'selection'],
  options: taskOptions,
  export(allocation, { taskType = taskTypeOf(allocation), ...options }) {
    const found = loraSettings(allocation, 'peft', options);
    const { r, modules, parameters, exclude, rankPattern, alphaPattern } = found;
    const config = {
      peft_type: 'LORA',
      task_type: taskType === 'none' ? null : taskType,
      base_model_name_or_path: null,
      r,
      lora_alpha: found.alpha,
      lora_dropout: found.dropout,
      bias: 'none',
      use_rslora: found.rslora,
      target_modules: modules,
      ...(exclude !== undefined && { exclude_modules: exclude }),
      ...(parameters.length > 0 && { target_parameters: parameters }),
      rank_pattern: rankPattern,
      alpha_pattern: alphaPattern,
    };
    const notes = [
      ...found.notes,
      ...(Object.keys(rankPattern).length > 0
        ? [
            'the ranks need PEFT 0.15 or later; an older one, or a program that ignores ' +
              `rank_pattern, gives every module rank ${r}`,
          ]
        : []),
      ...(parameters.length > 0 ? ['target_parameters needs PEFT 0.17 or later'] : []),
    ];
    return { files: { 'adapter_config.json': `${JSON.stringify(config, null, 2)}\n` }, notes };
  },
};

/**
 * `adapter_config.json` of PEFT (huggingface.co/docs/peft/package_reference/lora): the arguments of
 * its `LoraConfig`, which `LoraConfig.from_pretrained(folder)` reads, with the rank of each module.
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { type TaskOptions, taskOptions } from '../shared/lora/options.js';
import { loraArguments } from '../shared/lora/peft-config.js';

export const peft: Exporter<Allocation, TaskOptions> = {
  name: 'peft',
  kinds: ['allocation'],
  units: ['experts', 'rank', 'selection'],
  options: taskOptions,
  export(allocation, options) {
    const { config, notes } = loraArguments(allocation, 'peft', options);
    const { task_type, ...rest } = config;
    const file = { peft_type: 'LORA', task_type, base_model_name_or_path: null, ...rest };
    return { files: { 'adapter_config.json': `${JSON.stringify(file, null, 2)}\n` }, notes };
  },
};

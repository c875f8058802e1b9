/**
 * `swift_lora.py` for ms-swift (swift.readthedocs.io), whose command line has one rank for all modules. Its
 * tuners can be added to (`swift.tuner_plugin`, 4.6): a file among `--external_plugins` puts one into
 * `tuners_map`, and `--tuner_type` names it.
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { type TaskOptions, taskOptions } from '../shared/lora/options.js';
import { loraArguments } from '../shared/lora/peft-config.js';
import { loraFile } from '../shared/lora/python-file.js';

export const msSwift: Exporter<Allocation, TaskOptions> = {
  name: 'ms-swift',
  kinds: ['allocation'],
  units: ['experts', 'rank', 'selection'],
  options: taskOptions,
  export(allocation, options) {
    const { config, notes: found } = loraArguments(allocation, 'ms-swift', options);
    const notes = [
      ...found,
      'ms-swift does not apply its options for LoRAs, such as lora_rank, lora_alpha, target_modules and freeze_vit, to tuners of plugins: this file says it all',
    ];
    const text = loraFile({ trainer: 'ms-swift', usage, imports, notes, config, program });
    return { files: { 'swift_lora.py': text }, notes };
  },
};

const usage = `
    swift sft --external_plugins swift_lora.py --tuner_type alphalora --model <model> --dataset <data>

needs ms-swift 4, and the file again for what is trained: swift infer --external_plugins swift_lora.py --adapters <checkpoint>
`;

const imports = `
from copy import deepcopy

from peft import LoraConfig, get_peft_model
from swift.tuner_plugin import PeftTuner, tuners_map
`;

const program = `
class AlphaLora(PeftTuner):
    @staticmethod
    def prepare_model(args, model):
        return get_peft_model(model, LoraConfig(**deepcopy(LORA)))


tuners_map["alphalora"] = AlphaLora
`;

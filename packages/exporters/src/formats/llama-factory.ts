/**
 * Part of the YAML configuration of LLaMA-Factory that describes the adapter
 * (llamafactory.readthedocs.io, and `finetuning_args.py` of hiyouga/LLaMA-Factory): `lora_rank` and
 * `lora_alpha` for all modules, and `lora_target`, the names of the modules in one string with commas.
 *
 * It has no rank per module. Where the ranks differ, the fragment has the largest single rank whose
 * parameters do not exceed those of the allocation, and says so. The ranks themselves are kept when
 * training continues from an adapter (`adapter_name_or_path`), because PEFT then reads the patterns
 * of its `adapter_config.json`.
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { type LoraModule, loraModules, loraNotes } from '../shared/adapters.js';
import { yamlOf } from '../shared/yaml.js';

export const llamaFactory: Exporter<Allocation> = {
  name: 'llama-factory',
  kinds: ['allocation'],
  units: ['experts', 'rank'],
  export(allocation) {
    const modules = loraModules(allocation, 'llama-factory');
    const divided = modules.find(({ module }) => module.includes(','));
    if (divided) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `LLaMA-Factory divides its list of modules at commas, and ${JSON.stringify(divided.module)} ` +
          'has one: --to peft or axolotl can hold it',
      );
    }
    const rank = singleRank(modules);
    const notes = [...loraNotes(allocation, 'llama-factory'), ...rankNotes(modules, rank)];
    const content = {
      finetuning_type: 'lora',
      lora_rank: rank,
      lora_alpha: rank,
      lora_target: modules.map(({ module }) => module).join(','),
    };
    return { files: yamlOf(content, notes), notes };
  },
};

function rankNotes(modules: readonly LoraModule[], rank: number): string[] {
  const ranks = modules.map((own) => own.rank);
  const [low, high] = [Math.min(...ranks), Math.max(...ranks)];
  if (low === high) return [];
  const [wanted, given] = [parameters(modules), parameters(modules, rank)];
  return [
    `LLaMA-Factory has one rank for all modules: ${rank} here, with ${given} parameters, ` +
      `instead of ranks from ${low} to ${high} with ${wanted}`,
    'to keep the ranks, make an adapter with peft from --to peft and continue from it with ' +
      'adapter_name_or_path',
  ];
}

/** The largest that the parameters of the allocation pay for. */
function singleRank(modules: readonly LoraModule[]): number {
  return Math.floor(parameters(modules) / parameters(modules, 1));
}

/** (inputs + outputs) x rank, summed. */
function parameters(modules: readonly LoraModule[], rank?: number): number {
  return modules.reduce((sum, own) => sum + (own.inputs + own.outputs) * (rank ?? own.rank), 0);
}

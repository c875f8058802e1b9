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
import type { LoraTarget } from '../shared/lora/modules.js';
import { type LoraOptions, loraOptions } from '../shared/lora/options.js';
import { loraSettings } from '../shared/lora/settings.js';
import { yamlOf } from '../shared/yaml.js';

export const llamaFactory: Exporter<Allocation, LoraOptions> = {
  name: 'llama-factory',
  kinds: ['allocation'],
  extension: 'yaml',
  units: ['experts', 'rank', 'selection'],
  options: loraOptions,
  export(allocation, options) {
    const found = loraSettings(allocation, 'llama-factory', options);
    const modules = found.targets.filter(({ parameter }) => !parameter);
    requireModules(modules, found.modules);
    const rank = singleRank(modules);
    const notes = [
      ...found.notes,
      ...rankNotes(modules, rank),
      ...(found.parameters.length > 0
        ? [`LLaMA-Factory adapts modules only, not ${found.parameters.join(', ')}`]
        : []),
      ...(found.exclude === undefined
        ? []
        : [
            'the names also stand for modules of the towers beside the text model: keep freeze_vision_tower and freeze_multi_modal_projector true, which take them out',
          ]),
    ];
    const content = {
      finetuning_type: 'lora',
      lora_rank: rank,
      lora_alpha: options.alpha ?? rank,
      lora_dropout: found.dropout,
      ...(found.rslora && { use_rslora: true }),
      lora_target: found.modules.join(','),
    };
    return { files: yamlOf(content, notes), notes };
  },
};

/** @throws AlphaLoraError `INVALID_OPTION` where nothing is left, or a name cannot be in the list */
function requireModules(modules: readonly LoraTarget[], names: readonly string[]): void {
  if (modules.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'LLaMA-Factory adapts modules only, and this allocation has none but parameters: --to peft or axolotl can hold it',
    );
  }
  const divided = names.find((name) => name.includes(','));
  if (divided === undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `LLaMA-Factory divides its list of modules at commas, and ${JSON.stringify(divided)} ` +
      'has one: --to peft or axolotl can hold it',
  );
}

function rankNotes(modules: readonly LoraTarget[], rank: number): string[] {
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
function singleRank(modules: readonly LoraTarget[]): number {
  return Math.max(1, Math.floor(parameters(modules) / parameters(modules, 1)));
}

/** What a rank costs, times the rank, summed. */
function parameters(modules: readonly LoraTarget[], rank?: number): number {
  return modules.reduce((sum, own) => sum + own.cost * (rank ?? own.rank), 0);
}

/**
 * Part of the YAML configuration of Axolotl (docs.axolotl.ai/docs/config-reference.html) that
 * describes the adapter, or the learning rates.
 *
 * `lora_rank_pattern` and `lora_alpha_pattern` are handed on to PEFT as they
 * are (axolotl-ai-cloud/axolotl pull request 3673, merged in 2026), so see `peft.ts` for the keys
 * and the scaling. Versions before that have one rank for all modules, and no error for the keys.
 *
 * `lr_groups` is a list of names with learning rates (`core/trainers/mixins/optimizer.py` of Axolotl 0.18). The
 * first name that is anywhere in the name of a parameter counts, so that names end with a dot:
 * `layers.1.` is not in `layers.10.`
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exported, Exporter } from '@alphalora/contracts/extensions';
import { type LoraOptions, type RateOptions, rateOptions } from '../shared/lora/options.js';
import { modulesOf, requireWholeAlphas } from '../shared/lora/schemas.js';
import { loraSettings } from '../shared/lora/settings.js';
import { notesOnMixed, type ValuedModule, valuedModules } from '../shared/values.js';
import { yamlOf } from '../shared/yaml.js';

export const axolotl: Exporter<Allocation, RateOptions> = {
  name: 'axolotl',
  kinds: ['allocation'],
  extension: 'yaml',
  units: ['experts', 'rank', 'selection', 'learning-rate'],
  options: rateOptions,
  export(allocation, { lr, ...options }) {
    if (allocation.budget.unit === 'learning-rate') return ratesOf(allocation, lr, options);
    const found = loraSettings(allocation, 'axolotl', options);
    const { r: rank, alpha, parameters, rankPattern, alphaPattern } = found;
    requireWholeAlphas(found, 'Axolotl');
    const notes = [
      ...found.notes,
      ...(Object.keys(rankPattern).length === 0
        ? []
        : [
            'the ranks need an Axolotl that knows lora_rank_pattern (2026); an older one ignores it ' +
              `and gives every module rank ${rank}`,
          ]),
      found.proof,
    ];
    const content = {
      adapter: 'lora',
      lora_r: rank,
      lora_alpha: alpha,
      lora_dropout: found.dropout,
      ...(found.rslora && { peft_use_rslora: true }),
      lora_target_modules: modulesOf(found),
      ...(parameters.length > 0 && { lora_target_parameters: parameters }),
      ...filled('lora_rank_pattern', rankPattern),
      ...filled('lora_alpha_pattern', alphaPattern),
      ...(lr !== undefined && { learning_rate: lr }),
    };
    return { files: yamlOf(content, notes), notes };
  },
};

function filled(name: string, pattern: Readonly<Record<string, number>>) {
  return Object.keys(pattern).length > 0 ? { [name]: pattern } : {};
}

/** @throws AlphaLoraError `INVALID_OPTION` without a base learning rate, or with options of adapters */
function ratesOf(allocation: Allocation, lr: number | undefined, lora: LoraOptions): Exported {
  if (lr === undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'lr_groups of Axolotl are learning rates, and an allocation has factors on one: ' +
        'pass the option lr, the base learning rate, such as lr=2e-5',
    );
  }
  const { scaling, alpha, dropout, targets } = lora;
  if (scaling !== 'constant' || alpha !== undefined || dropout > 0 || targets !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'the options scaling, alpha, dropout and targets are for adapters, and this is an allocation of learning-rate',
    );
  }
  const modules = valuedModules(allocation, 'axolotl');
  const factors = [...new Set(modules.map(({ value }) => value))];
  const content = {
    learning_rate: lr,
    lr_groups: factors.map((factor) => ({
      name: `factor_${factor}`,
      modules: modules.filter(({ value }) => value === factor).map(partOfName),
      // Without the noise of the product in binary.
      lr: Number((factor * lr).toPrecision(12)),
    })),
  };
  const notes = [
    `parameters outside of the ${modules.length} modules of this allocation keep learning_rate, and so do biases, norms, embeddings and the head, which lr_groups does not reach`,
    'Axolotl refuses lr_groups beside loraplus_lr_ratio',
    ...notesOnMixed(modules, 'factors', 'the mean'),
  ];
  return { files: yamlOf(content, notes), notes };
}

/** What is in the names of a module's parameters, and of its LoRA's, and in no other's. */
function partOfName({ name, before, parameter }: ValuedModule): string {
  return `${before.length > 0 ? '.' : ''}${name}${parameter ? '' : '.'}`;
}

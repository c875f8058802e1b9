/**
 * Part of the YAML configuration of Axolotl (docs.axolotl.ai/docs/config-reference.html) that
 * describes the adapter. `lora_rank_pattern` and `lora_alpha_pattern` are handed on to PEFT as they
 * are (axolotl-ai-cloud/axolotl pull request 3673, merged in 2026), so see `peft.ts` for the keys
 * and the scaling. Versions before that have one rank for all modules, and no error for the keys.
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { type LoraOptions, loraOptions } from '../shared/lora/options.js';
import { escaped } from '../shared/lora/patterns.js';
import { type LoraSettings, loraSettings } from '../shared/lora/settings.js';
import { yamlOf } from '../shared/yaml.js';

export const axolotl: Exporter<Allocation, LoraOptions> = {
  name: 'axolotl',
  kinds: ['allocation'],
  extension: 'yaml',
  units: ['experts', 'rank', 'selection'],
  options: loraOptions,
  export(allocation, options) {
    const found = loraSettings(allocation, 'axolotl', options);
    const { r: rank, alpha, parameters, rankPattern, alphaPattern } = found;
    requireWhole([alpha, ...Object.values(alphaPattern)]);
    const notes = [
      ...found.notes,
      ...(Object.keys(rankPattern).length === 0
        ? []
        : [
            'the ranks need an Axolotl that knows lora_rank_pattern (2026); an older one ignores it ' +
              `and gives every module rank ${rank}`,
          ]),
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
    };
    return { files: yamlOf(content, notes), notes };
  },
};

/** A list, or an expression where some modules of these names are to be left alone. */
function modulesOf({ modules, exclude }: LoraSettings): readonly string[] | string {
  if (exclude === undefined) return modules;
  return `(?!${exclude}$)(?:.*\\.)?(?:${modules.map(escaped).join('|')})`;
}

function filled(name: string, pattern: Readonly<Record<string, number>>) {
  return Object.keys(pattern).length > 0 ? { [name]: pattern } : {};
}

/** @throws AlphaLoraError `INVALID_OPTION` for an alpha that its schema refuses */
function requireWhole(alphas: readonly number[]): void {
  const odd = alphas.find((alpha) => !Number.isSafeInteger(alpha));
  if (odd === undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `Axolotl takes whole numbers for alpha, and a module would get ${odd}: ` +
      'choose an alpha that is a multiple of the largest rank, or another scaling',
  );
}

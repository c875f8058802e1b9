/**
 * Part of the YAML configuration of Axolotl (docs.axolotl.ai/docs/config-reference.html) that
 * describes the adapter. `lora_rank_pattern` and `lora_alpha_pattern` are handed on to PEFT as they
 * are (axolotl-ai-cloud/axolotl pull request 3673, merged in 2026), so see `peft.ts` for the keys
 * and the scaling. Versions before that have one rank for all modules, and no error for the keys.
 */
import type { Allocation } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { loraModules, loraNotes, ranksOf } from '../shared/adapters.js';
import { yamlOf } from '../shared/yaml.js';

export const axolotl: Exporter<Allocation> = {
  name: 'axolotl',
  kinds: ['allocation'],
  units: ['experts', 'rank'],
  export(allocation) {
    const modules = loraModules(allocation, 'axolotl');
    const { r: rank, rank_pattern: pattern } = ranksOf(modules);
    const same = Object.keys(pattern).length === 0;
    const notes = [
      ...loraNotes(allocation, 'axolotl'),
      ...(same
        ? []
        : [
            'the ranks need an Axolotl that knows lora_rank_pattern (2026); an older one ignores it ' +
              `and gives every module rank ${rank}`,
          ]),
    ];
    const targets = modules.map(({ module }) => module);
    const content = {
      adapter: 'lora',
      lora_r: rank,
      lora_alpha: rank,
      lora_target_modules: targets,
      ...(!same && { lora_rank_pattern: pattern, lora_alpha_pattern: pattern }),
    };
    return { files: yamlOf(content, notes), notes };
  },
};

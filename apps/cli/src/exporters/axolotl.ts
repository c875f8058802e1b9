/**
 * Part of the YAML configuration of Axolotl (docs.axolotl.ai/docs/config-reference.html) that
 * describes the adapter. `lora_rank_pattern` and `lora_alpha_pattern` are handed on to PEFT as they
 * are (axolotl-ai-cloud/axolotl pull request 3673, merged in 2026), so see `peft.ts` for the keys
 * and the scaling. Versions before that have one rank for all modules, and no error for the keys.
 */
import type { Allocation } from '@alphalora/contracts';
import { loraNotes } from './adapters.js';
import type { Exporter } from './index.js';
import { loraPatterns } from './peft.js';
import { yamlOf } from './yaml.js';

export const axolotl: Exporter = {
  name: 'axolotl',
  allocation: {
    units: ['experts', 'rank'],
    export(allocation) {
      const { rank, targets, pattern } = loraPatterns(allocation, 'axolotl');
      const same = Object.keys(pattern).length === 0;
      return yamlOf(
        {
          ...{ adapter: 'lora', lora_r: rank, lora_alpha: rank, lora_target_modules: targets },
          ...(!same && { lora_rank_pattern: pattern, lora_alpha_pattern: pattern }),
        },
        notes(allocation),
      );
    },
    notes,
  },
};

function notes(allocation: Allocation): string[] {
  const { rank, pattern } = loraPatterns(allocation, 'axolotl');
  return [
    ...loraNotes(allocation, 'axolotl'),
    ...(Object.keys(pattern).length > 0
      ? [
          'the ranks need an Axolotl that knows lora_rank_pattern (2026); an older one ignores it ' +
            `and gives every module rank ${rank}`,
        ]
      : []),
  ];
}

/**
 * `adapter_config.json` of PEFT (huggingface.co/docs/peft/package_reference/lora): the arguments of
 * its `LoraConfig`, which `LoraConfig.from_pretrained(folder)` reads, with the rank of each module.
 *
 * PEFT gives a module `r`, unless the first key of `rank_pattern` that matches its name with
 * `(.*\.)?(key)$` (Python's re.match) says otherwise; `alpha_pattern` likewise for `lora_alpha`. The
 * scaling of a module is its alpha over its rank. `^` in a key binds it to the beginning of the name.
 * Versions before 0.15 put another part of the name before every key, so that no such key matches.
 *
 * Some servers read only r and lora_alpha. So r = lora_alpha = the largest rank and `alpha_pattern`
 * is `rank_pattern`: every scaling is 1, with the patterns and without.
 */
import type { Allocation } from '@alphalora/contracts';
import { loraModules, loraNotes } from './adapters.js';
import type { Exporter } from './index.js';

export const peft: Exporter = {
  name: 'peft',
  allocation: {
    units: ['experts', 'rank'],
    export(allocation) {
      const { rank, targets, pattern } = loraPatterns(allocation, 'peft');
      const config = {
        ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', base_model_name_or_path: null },
        ...{ r: rank, lora_alpha: rank, lora_dropout: 0, bias: 'none', use_rslora: false },
        // Full names rather than roles: modules with rank 0 must not be found, and PEFT has no rank 0.
        target_modules: targets,
        ...{ rank_pattern: pattern, alpha_pattern: pattern },
      };
      return { 'adapter_config.json': `${JSON.stringify(config, null, 2)}\n` };
    },
    notes(allocation) {
      const { rank, pattern } = loraPatterns(allocation, 'peft');
      return [
        ...loraNotes(allocation, 'peft'),
        ...(Object.keys(pattern).length > 0
          ? [
              'the ranks need PEFT 0.15 or later; an older one, or a program that ignores ' +
                `rank_pattern, gives every module rank ${rank}`,
            ]
          : []),
      ];
    },
  },
};

export interface LoraPatterns {
  /** The largest; also lora_alpha. */
  rank: number;
  /** Full names of the modules that get an adapter. */
  targets: string[];
  /** Ranks that are not the largest, by regular expression. */
  pattern: Record<string, number>;
}

/** @throws AlphaLoraError `INVALID_DOCUMENT` as `loraModules` */
export function loraPatterns(allocation: Allocation, format: string): LoraPatterns {
  const modules = loraModules(allocation, format);
  const rank = modules.reduce((largest, { rank }) => Math.max(largest, rank), 0);
  return {
    rank,
    targets: modules.map(({ module }) => module),
    pattern: Object.fromEntries(
      modules.filter((own) => own.rank < rank).map((own) => [keyOf(own.module), own.rank]),
    ),
  };
}

/**
 * A key for one module. A checkpoint of a bare model lacks the first part of its names in a model
 * with a head (`h.0.attn.c_attn` is `transformer.h.0.attn.c_attn` there), so one part may precede.
 * The characters that are special in Python's expressions are escaped.
 */
function keyOf(module: string): string {
  return `^(?:[^.]+\\.)?${module.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`;
}

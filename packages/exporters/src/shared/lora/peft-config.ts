/**
 * An allocation as the arguments of PEFT's `LoraConfig`
 * (huggingface.co/docs/peft/package_reference/lora), by their names: of adapter_config.json, and of the
 * Python for trainers that hand them on.
 */
import type { Allocation } from '@alphalora/contracts';
import type { TaskOptions } from './options.js';
import { loraSettings } from './settings.js';
import { taskTypeOf } from './task-type.js';

export interface LoraArguments {
  readonly task_type: string | null;
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly bias: 'none';
  readonly use_rslora: boolean;
  readonly target_modules: readonly string[];
  /** An expression, matched with the whole name of a module, which then is left alone. */
  readonly exclude_modules?: string;
  readonly target_parameters?: readonly string[];
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
}

/**
 * @returns what PEFT takes, and what it cannot hold
 * @throws AlphaLoraError as {@link loraSettings} does
 */
export function loraArguments(
  allocation: Allocation,
  format: string,
  { taskType, ...options }: TaskOptions,
): { config: LoraArguments; notes: string[] } {
  const found = loraSettings(allocation, format, options);
  const { r, modules, parameters, exclude, rankPattern, alphaPattern } = found;
  const config = {
    task_type: taskType === 'none' ? null : (taskType ?? taskTypeOf(allocation)),
    r,
    lora_alpha: found.alpha,
    lora_dropout: found.dropout,
    bias: 'none' as const,
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
    found.proof,
  ];
  return { config, notes };
}

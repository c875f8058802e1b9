/**
 * A recipe of LLM Compressor (vllm-project/llm-compressor 0.13, `modifiers/pruning/sparsegpt`): one
 * `SparseGPTModifier` for each sparsity, as a list of sparsities goes by the position of what its targets match.
 * Targets behind `re:` match a module's name from its beginning.
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exporter } from '@alphalora/contracts/extensions';
import { printable } from '@alphalora/documents';
import { escaped } from '../shared/lora/patterns.js';
import { notesOnMixed, type ValuedModule, valuedModules } from '../shared/values.js';
import { yamlOf } from '../shared/yaml.js';

export const llmCompressor: Exporter<Allocation, Record<never, never>> = {
  name: 'llm-compressor',
  kinds: ['allocation'],
  extension: 'yaml',
  units: ['sparsity'],
  export(allocation) {
    const all = valuedModules(allocation, 'llm-compressor');
    const modules = all.filter(({ parameter }) => !parameter);
    requirePart(modules);
    const sparsities = [...new Set(modules.map(({ value }) => value))].filter((value) => value > 0);
    const groups = sparsities.map((sparsity, i) => [
      `sparsity_${i}_modifiers`,
      {
        SparseGPTModifier: {
          sparsity,
          targets: modules.filter(({ value }) => value === sparsity).map(targetOf),
        },
      },
    ]);
    const notes = notesOn(all, modules);
    return { files: yamlOf({ pruning_stage: Object.fromEntries(groups) }, notes), notes };
  },
};

function targetOf({ name }: ValuedModule): string {
  return `re:(?:.*\\.)?${escaped(name)}$`;
}

function notesOn(all: readonly ValuedModule[], modules: readonly ValuedModule[]): string[] {
  const parameters = all.filter(({ parameter }) => parameter);
  return [
    `modules outside of the ${modules.length} of this allocation are not pruned`,
    ...notesOnMixed(modules, 'sparsities', 'the mean'),
    ...(parameters.length > 0
      ? [
          `${parameters.length} of ${all.length} are parameters in no module of their own, such as ${printable(parameters[0]!.name)}, and are not pruned`,
        ]
      : []),
  ];
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` for a matrix that is pruned as a whole, `INVALID_DOCUMENT` where
 *   there is nothing to prune
 */
function requirePart(modules: readonly ValuedModule[]): void {
  const whole = modules.find(({ value }) => value >= 1);
  if (whole) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `SparseGPT keeps some weights of every matrix, and ${JSON.stringify(whole.name)} would keep none: allocate with --max 0.99`,
    );
  }
  if (modules.some(({ value }) => value > 0)) return;
  throw new AlphaLoraError(
    'INVALID_DOCUMENT',
    'no module of this allocation has a sparsity above 0: there is nothing to prune',
  );
}

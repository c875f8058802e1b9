/**
 * Part of soup.yaml, the configuration of Soup (`soup_cli/config/schema.py` of soup-cli 0.77): `training.lora`
 * with the rank of each module, or, of a selection, `training.unfrozen_parameters`, which trains the
 * selected matrices in full.
 *
 * `rank_pattern` and `alpha_pattern` are handed on to PEFT, so see `peft.ts` for their keys. The schema takes
 * 256 keys of 512 characters, ranks and alphas up to 1024, and whole numbers only. `unfrozen_parameters` are
 * expressions that are searched in the names of parameters (`apply_unfrozen_parameters`).
 */
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import type { Exported, Exporter } from '@alphalora/contracts/extensions';
import { printable } from '@alphalora/documents';
import { type LoraOptions, loraOptions } from '../shared/lora/options.js';
import { escaped } from '../shared/lora/patterns.js';
import { modulesOf, requireWholeAlphas } from '../shared/lora/schemas.js';
import { type LoraSettings, loraSettings } from '../shared/lora/settings.js';
import { valuedModules } from '../shared/values.js';
import { yamlOf } from '../shared/yaml.js';

const MOST_ENTRIES = 256;
const LONGEST_ENTRY = 512;
const LARGEST_AMOUNT = 1024;

export const soup: Exporter<Allocation, LoraOptions> = {
  name: 'soup',
  kinds: ['allocation'],
  extension: 'yaml',
  units: ['experts', 'rank', 'selection'],
  options: loraOptions,
  export(allocation, options) {
    if (allocation.budget.unit === 'selection') return unfrozenBy(allocation, options);
    const found = loraSettings(allocation, 'soup', options);
    requireWholeAlphas(found, 'Soup');
    requireFitting(found);
    const { rankPattern, alphaPattern, parameters } = found;
    const lora = {
      r: found.r,
      alpha: found.alpha,
      dropout: found.dropout,
      ...(found.rslora && { use_rslora: true }),
      target_modules: modulesOf(found),
      ...(parameters.length > 0 && { target_parameters: parameters }),
      ...(Object.keys(rankPattern).length > 0 && { rank_pattern: rankPattern }),
      ...(Object.keys(alphaPattern).length > 0 && { alpha_pattern: alphaPattern }),
    };
    const notes = [
      ...found.notes,
      ...(Object.keys(rankPattern).length > 0
        ? [
            'Soup has the ranks with backend: transformers only, its default, and refuses them with others',
          ]
        : []),
    ];
    return { files: yamlOf({ training: { lora } }, notes), notes };
  },
};

/** @throws AlphaLoraError `INVALID_OPTION` for what its schema refuses */
function requireFitting({ rankPattern, alphaPattern, parameters }: LoraSettings): void {
  const refuse = (what: string, advice: string): never => {
    throw new AlphaLoraError('INVALID_OPTION', `Soup ${what}: ${advice}, or export --to peft`);
  };
  const lists = [Object.keys(rankPattern), Object.keys(alphaPattern), parameters];
  const most = Math.max(...lists.map(({ length }) => length));
  if (most > MOST_ENTRIES) {
    refuse(
      `takes ${MOST_ENTRIES} entries in a pattern, and this allocation needs ${most}`,
      'allocate --per block',
    );
  }
  const long = lists.flat().find((entry) => [...entry].length > LONGEST_ENTRY);
  if (long !== undefined) {
    refuse(
      `takes entries of ${LONGEST_ENTRY} characters, and one has ${[...long].length}`,
      'leave it out with --targets',
    );
  }
  const large = [...Object.values(rankPattern), ...Object.values(alphaPattern)].find(
    (amount) => amount > LARGEST_AMOUNT,
  );
  if (large !== undefined) {
    refuse(
      `takes ranks and alphas up to ${LARGEST_AMOUNT} in its patterns, and one is ${large}`,
      'choose a smaller total or --alpha',
    );
  }
}

/** @throws AlphaLoraError `INVALID_OPTION` with options of adapters; `INVALID_DOCUMENT` without a selection */
function unfrozenBy(allocation: Allocation, lora: LoraOptions): Exported {
  const { scaling, alpha, dropout, targets } = lora;
  if (scaling !== 'constant' || alpha !== undefined || dropout > 0 || targets !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'the options scaling, alpha, dropout and targets are for adapters, and Soup trains a selection in full',
    );
  }
  const modules = valuedModules(allocation, 'soup');
  const chosen = modules.filter(({ value }) => value > 0);
  if (chosen.length === 0) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      'no projection of this allocation is selected: there is nothing to train',
    );
  }
  const mixed = chosen.filter(({ value }) => value < 1);
  const notes = [
    `${chosen.length} of ${modules.length} modules are trained; all else is frozen, the embeddings and the head, too, as soup spectrum scan has it`,
    'task: sft and backend: transformers are what Soup takes unfrozen_parameters with',
    ...(mixed.length > 0
      ? [
          `${mixed.length} of ${modules.length} modules hold several matrices of which some are selected, and are trained as a whole: ${printable(mixed[0]!.name)}`,
        ]
      : []),
  ];
  const unfrozen = chosen.map(({ name, parameter }) =>
    parameter ? `(^|\\.)${escaped(name)}$` : `(^|\\.)${escaped(name)}\\.(weight|bias)$`,
  );
  const content = { training: { quantization: 'none', unfrozen_parameters: unfrozen } };
  return { files: yamlOf(content, notes), notes };
}

/** What is allocated to which layers, by which policy. */
import type { Rounding } from '@alphalora/contracts';
import { defaultResource, resourceNames } from '@alphalora/documents/terms';
import { type Command, Option } from '@commander-js/extra-typings';
import { settings } from './common.js';
import type { OptionsOf } from './declare.js';
import { headings } from './help.js';
import { decimal, positive, quantity } from './parsers.js';

export type ResourceOptions = OptionsOf<typeof resource>;

export const resource = (command: Command) =>
  command
    .optionsGroup(headings.budget)
    .addOption(
      new Option(
        '--unit <resource>',
        `allocate this (default: ${defaultResource}, or what the policy is for)`,
      ).choices(resourceNames),
    )
    .addOption(
      new Option(
        '--per <layer>',
        'allocate to each of these (default: block; of a selection projection)',
      ).choices(['block', 'projection']),
    )
    .option(
      '--total <count>',
      'allocate this many units in all (default: 5 experts or rank 8 each)',
      decimal,
    )
    .option('--parameters <count>', 'allow at most these trainable parameters, e.g. 100M', quantity)
    .option(
      '--average <count>',
      'allocate this many units per layer on average (default: 4 bits, sparsity 0.5)',
      decimal,
    )
    .option('--share <share>', 'select this share of the layers (default: 0.25)', decimal)
    .option('--min <count>', 'give each layer at least this (default: 1 expert or rank)', decimal)
    .option('--max <count>', 'give each layer at most this', decimal)
    .addOption(
      new Option('--rounding <rule>', 'round to whole units by this rule')
        .choices<readonly Rounding[]>(['largest-remainder', 'official', 'floor-one'])
        .default('largest-remainder' as Rounding),
    )
    .option('--top-k <experts>', 'let the router select this many experts (default: 2)', positive)
    .option('--rank <rank>', 'give each expert this LoRA rank', positive, 8)
    .option(
      '--router-for-one',
      'count a router also where there is one expert, as the released code of MoLA and AlphaLoRA makes it',
    );

export type PolicyOptions = OptionsOf<typeof policy>;

export const policy = (command: Command) =>
  command
    .optionsGroup(headings.policy)
    .option(
      '--policy <name>',
      'allocate by this policy: a built-in name, one of the configuration, a path or a package',
    )
    .addOption(settings())
    .option(
      '--scores <file>',
      'use these scores in place of alpha: JSON, or CSV with block and score',
    )
    .option(
      '--measure <name>',
      "use this measure of a file by calibrate (default: the file's own score)",
    );

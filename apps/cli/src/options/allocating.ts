/** What is allocated to which layers, by which policy. */
import type { Rounding } from '@alphalora/contracts';
import { defaultResource, resourceNames } from '@alphalora/documents/terms';
import { type Command, Option } from '@commander-js/extra-typings';
import { settings } from './common.js';
import type { OptionsOf } from './declare.js';
import { decimal, integer, quantity } from './parsers.js';

export type ResourceOptions = OptionsOf<typeof resource>;

export const resource = (command: Command) =>
  command
    .addOption(
      new Option(
        '--unit <resource>',
        `what is shared out (default: ${defaultResource}, or what the policy is for)`,
      ).choices(resourceNames),
    )
    .addOption(
      new Option(
        '--per <layer>',
        'what gets a share (default: block; of a selection projection)',
      ).choices(['block', 'projection']),
    )
    .option('--total <count>', 'units in all (default: 5 experts or rank 8 each)', decimal)
    .option('--parameters <count>', 'trainable parameters in all at most, e.g. 100M', quantity)
    .option('--average <count>', 'units per layer (default: 4 bits, sparsity 0.5)', decimal)
    .option('--share <share>', 'of the layers to select, of a selection (default: 0.25)', decimal)
    .option('--min <count>', 'fewest per layer (default: 1 expert or rank)', decimal)
    .option('--max <count>', 'most per layer', decimal)
    .option(
      '--rounding <rule>',
      'largest-remainder, official or floor-one',
      // The allocator checks it.
      (text) => text as Rounding,
      'largest-remainder',
    )
    .option('--top-k <experts>', 'experts that the router selects', integer, 2)
    .option('--rank <rank>', 'LoRA rank of each expert', integer, 8);

export type PolicyOptions = OptionsOf<typeof policy>;

export const policy = (command: Command) =>
  command
    .option('--policy <name>', "a built-in one, the configuration's, a path or a package")
    .addOption(settings())
    .option('--scores <file>', 'scores in place of alpha: JSON, or CSV with block and score')
    .option('--measure <name>', "of a file by calibrate (default: the file's own score)");

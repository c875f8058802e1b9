/** `alphalora plan`: what it takes. */
import { policy, resource } from '../../options/allocating.js';
import { dryRun, modelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { measuring, remote } from '../../options/measuring.js';
import { names } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { published } from '../../options/published.js';
import {
  refusing,
  unusedInForecasts,
  unusedWithoutCache,
  unusedWithoutExperts,
} from '../../options/unused.js';

export type PlanOptions = OptionsOf<typeof plan>;

export const plan = () =>
  command('plan', resource, policy, published, measuring, remote, plugins)
    .description('analyze, allocate and report in one go')
    .argument('[model]', modelHelp)
    .optionsGroup('')
    .option('--demo', 'use the demo model that comes with the program')
    .optionsGroup(headings.output)
    .option(
      '-o, --output <folder>',
      'write the documents and the report into this folder',
      'alphalora-plan',
    )
    .option(
      '--export <formats>',
      'also write the allocation for these programs, e.g. peft,trl,axolotl',
      names,
    )
    .addOption(dryRun())
    .addHelpText(
      'after',
      examples([
        'plan --demo',
        'plan path/to/model --total 160 -o plan',
        'plan hf://org/name --unit rank --export peft,axolotl -o plan',
        'plan path/to/model --dry-run',
      ]),
    )
    .hook('preAction', refusing(unusedInForecasts, unusedWithoutCache, unusedWithoutExperts));

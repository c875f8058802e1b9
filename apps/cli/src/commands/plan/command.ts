/** `alphalora plan`: what it takes. */
import { policy, resource } from '../../options/allocating.js';
import { dryRun, modelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
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
  command('plan', remote, measuring, plugins, resource, policy, published)
    .description('analyse, allocate and report in one go')
    .argument('[model]', modelHelp)
    .option('--demo', 'use the demo model that comes with the program')
    .option('-o, --output <folder>', 'folder for the documents and the report', 'alphalora-plan')
    .option(
      '--export <formats>',
      'write the allocation for these programs, too, e.g. peft,axolotl',
      names,
    )
    .addOption(dryRun())
    .hook('preAction', refusing(unusedInForecasts, unusedWithoutCache, unusedWithoutExperts));

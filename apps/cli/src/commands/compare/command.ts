/** `alphalora compare`: what it takes. */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { resource } from '../../options/allocating.js';
import { aggregate, cap, json, stack } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { integer } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';

export type CompareOptions = OptionsOf<typeof compare>;

export const compare = () =>
  command('compare', plugins, resource)
    .description('two analyses or two allocations side by side, or policies on one analysis')
    .argument('<document...>', 'two of a kind; with --policies one or more analyses of a model')
    .option('--policies <list>', 'e.g. alphalora,alphalora:beta=1,mola:shape=diamond,./own.mjs')
    // For those who know it from `allocate`.
    .addOption(new Option('--set <key=value>').hideHelp().argParser(refuseSetting))
    .addOption(aggregate())
    .addOption(cap())
    .addOption(stack())
    .option('--seed <number>', 'of policies that draw', integer, 0)
    .option('--top <count>', 'matrices with the largest changes to list', integer, 10)
    .addOption(json());

function refuseSetting(text: string): never {
  throw new InvalidArgumentError(
    `Options go behind the name of their policy: --policies name:${text}.`,
  );
}

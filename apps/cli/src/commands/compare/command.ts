/** `alphalora compare`: what it takes. */
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { isDocument } from '../../files/stream-name.js';
import { resource } from '../../options/allocating.js';
import {
  aggregate,
  cap,
  furtherScores,
  json,
  order,
  splitFused,
  stack,
} from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples } from '../../options/help.js';
import { remote } from '../../options/measuring.js';
import { integer } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import {
  type Rule,
  refusing,
  unusedWithoutExperts,
  unusedWithoutSeries,
} from '../../options/unused.js';

export type CompareOptions = OptionsOf<typeof compare>;

export const compare = () =>
  command('compare', resource, remote, plugins)
    .description(
      'compare two documents or models, a model over training, or policies and their scores',
    )
    .argument(
      '<document...>',
      'two of a kind; with --series or --policies any number of analyses of a model',
    )
    .option('--cka', 'compute overlaps of models too, which takes as long as two analyses')
    .addOption(splitFused())
    .option('--series', 'show alpha by block and correlation traps over the checkpoints of a model')
    .addOption(order())
    .option(
      '--policies <list>',
      'compare these, e.g. alphalora,alphalora:beta=1@hill,mola:shape=diamond,./own.mjs; options ' +
        'follow a colon, a score follows an @ (an estimator, a measure or a metric; without it, ' +
        'every score but metrics)',
    )
    .addOption(furtherScores())
    // For those who know it from `allocate`.
    .addOption(new Option('--set <key=value>').hideHelp().argParser(refuseSetting))
    .addOption(aggregate())
    .addOption(cap())
    .addOption(stack())
    .option('--seed <number>', 'seed policies that use random numbers', integer, 0)
    .option(
      '--top <count>',
      'list this many matrices with the largest changes, rank differences or traps',
      integer,
      10,
    )
    .addOption(json())
    .addHelpText(
      'after',
      examples([
        'compare before.json after.json',
        'compare --series run/step-*.json',
        'compare hill.json ks.json --scores scores.json --policies alphalora,uniform',
        'compare tuned-model hf://org/base-model --top 20',
        'compare hill.json --scores scores.json --policies alphalora@hill,gora@gradient --unit rank',
      ]),
    )
    .hook(
      'preAction',
      refusing(
        unusedInSeries,
        unusedWithoutSeries,
        unusedWithoutPolicies,
        unusedWithoutExperts,
        unusedInDocuments,
        unusedInModels,
      ),
    );

const ofBudgets = [
  ...resource(new Command()).options.map((option) => option.attributeName()),
  'seed',
];

/** Of the checkpoints of a model. */
const unusedInSeries: Rule = ({ series }) =>
  series
    ? { options: ['policies', 'scores', ...ofBudgets], because: '--series allocates nothing' }
    : undefined;

/** Of two side by side. */
const unusedWithoutPolicies: Rule = ({ policies, series }) =>
  policies === undefined && !series
    ? {
        options: [...ofBudgets, 'aggregate', 'cap'],
        because: 'the two are compared as they are; --policies allocates anew',
      }
    : undefined;

const unusedInDocuments: Rule = (_, sources) =>
  sources.some(isDocument)
    ? {
        options: ['cka', 'splitFused', 'download', 'offline'],
        because: 'it is about two models, and these are documents',
      }
    : undefined;

const unusedInModels: Rule = (_, sources) =>
  sources.some(isDocument)
    ? undefined
    : { options: ['stack'], because: 'it is about the blocks of analyses, and these are models' };

function refuseSetting(text: string): never {
  throw new InvalidArgumentError(
    `Options go behind the name of their policy: --policies name:${text}.`,
  );
}

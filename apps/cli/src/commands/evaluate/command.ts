/** `alphalora evaluate`: what it takes. */
import { Option } from '@commander-js/extra-typings';
import { json, languageModelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples } from '../../options/help.js';
import { offline } from '../../options/measuring.js';
import { positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend, taskOrSuite } from '../../options/training.js';

export const evaluate = () =>
  command('evaluate', taskOrSuite, backend, offline, plugins)
    .description('score a model, with or without an adapter, on a task')
    .argument('<model>', languageModelHelp)
    .option('--adapter <folder>', 'add a trained adapter, or one of PEFT or mlx-lm')
    .addOption(
      new Option(
        '--split <name>',
        'score this split of a folder (default: test; validation for mrpc, cola, rte, commonsenseqa)',
      ).choices(['train', 'validation', 'test']),
    )
    .addOption(
      new Option(
        '--scoring <how>',
        'score by this (default: likelihood where there are options)',
      ).choices(['generation', 'likelihood']),
    )
    .option('--max-tokens <count>', 'generate at most this much for an answer', positive, 64)
    .addOption(json())
    .addHelpText(
      'after',
      examples([
        'evaluate path/to/model --task boolq --data boolq/',
        'evaluate path/to/model --adapter adapter --task chat --data chats.jsonl --json',
        'evaluate path/to/model --adapter adapter --suite alphalora --wording mola --data benchmarks/',
      ]),
    );

export type EvaluateOptions = OptionsOf<typeof evaluate>;

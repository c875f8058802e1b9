/** `alphalora generate`: what it takes. */
import { json, languageModelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { decimal, integer, positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend } from '../../options/training.js';

export const generate = () =>
  command('generate', backend, plugins)
    .description('go on with a text')
    .argument('<model>', languageModelHelp)
    .requiredOption('--prompt <text>', 'what to go on with; - reads it from stdin')
    .option('--chat', "put the prompt into the model's chat template, and print the answer only")
    .option('--adapter <folder>', 'a trained adapter, or one of PEFT or mlx-lm')
    .option('--max-tokens <count>', 'most that is added', positive, 128)
    .option('--temperature <number>', '0 takes the likeliest token', decimal, 0)
    .option('--top-p <share>', 'of the probability that is drawn from', decimal, 1)
    .option('--seed <number>', 'of the draws', integer, 0)
    .addOption(json());

export type GenerateOptions = OptionsOf<typeof generate>;

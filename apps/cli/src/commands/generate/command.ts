/** `alphalora generate`: what it takes. */
import { json, languageModelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples } from '../../options/help.js';
import { offline } from '../../options/measuring.js';
import { decimal, integer, positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend } from '../../options/training.js';

export const generate = () =>
  command('generate', backend, offline, plugins)
    .description('continue a prompt')
    .argument('<model>', languageModelHelp)
    .option('--prompt <text>', 'continue this text (default: what stdin brings, as with -)')
    .option('--chat', "put the prompt into the model's chat template, and print only the answer")
    .option('--adapter <folder>', 'add a trained adapter, or one of PEFT or mlx-lm')
    .option('--max-tokens <count>', 'add at most this many tokens', positive, 128)
    .option(
      '--temperature <number>',
      'sample at this temperature; 0 takes the likeliest token',
      decimal,
      0,
    )
    .option('--top-p <share>', 'sample from this share of the probability', decimal, 1)
    .option('--seed <number>', 'seed the sampling', integer, 0)
    .addOption(json())
    .addHelpText(
      'after',
      examples([
        'generate path/to/model --prompt "Once upon a time"',
        'generate path/to/model --adapter adapter --chat --prompt "What is a spectrum?" --json',
      ]),
    );

export type GenerateOptions = OptionsOf<typeof generate>;

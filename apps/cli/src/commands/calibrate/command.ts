/** `alphalora calibrate`: what it takes. */
import { json, languageModelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { integer, positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend, task } from '../../options/training.js';

export const calibrate = () =>
  command('calibrate', task, backend, plugins)
    .description('score the projections of a model by one pass over data, for allocate --scores')
    .argument('<model>', languageModelHelp)
    .option(
      '--measures <name...>',
      'gradient, sensitivity, fisher, residual, activation, explained-variance (default: all)',
    )
    .option('--measure <name>', 'which of them is the score (default: the first)')
    .option('--batches <count>', 'most batches to see', positive, 8)
    .option('--batch-size <examples>', 'examples per batch', positive, 8)
    .option('--rank <rank>', 'of fisher and explained-variance', positive, 8)
    .option('--loss-on-prompt', 'count the prompts as targets too')
    .option('--seed <number>', 'of the choice of examples', integer, 0)
    .option('--resume', 'continue an interrupted run')
    .addOption(json())
    .requiredOption('-o, --output <file>', 'file of the scores; - for stdout');

export type CalibrateOptions = OptionsOf<typeof calibrate>;

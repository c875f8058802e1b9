/** `alphalora calibrate`: what it takes. */
import { json, languageModelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { offline } from '../../options/measuring.js';
import { integer, positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend, task } from '../../options/training.js';

export const calibrate = () =>
  command('calibrate', task, backend, offline, plugins)
    .description('score the projections of a model by one pass over data, for allocate --scores')
    .argument('<model>', languageModelHelp)
    .option(
      '--measures <name...>',
      'compute these: gradient, sensitivity, fisher, residual, activation, explained-variance (default: all)',
    )
    .option('--measure <name>', 'use this one as the score (default: the first)')
    .option('--batches <count>', 'use at most this many batches', positive, 8)
    .option('--batch-size <examples>', 'put this many examples into a batch', positive, 8)
    .option('--rank <rank>', 'use this rank for fisher and explained-variance', positive, 8)
    .optionsGroup(headings.data)
    .option('--loss-on-prompt', 'count the prompts as targets too')
    .optionsGroup('')
    .option('--seed <number>', 'seed the choice of examples', integer, 0)
    .option('--resume', 'continue an interrupted run')
    .addOption(json())
    .optionsGroup(headings.output)
    .requiredOption('-o, --output <file>', 'write the scores to a file; - is stdout')
    .addHelpText(
      'after',
      examples([
        'calibrate path/to/model --task boolq --data boolq/ -o scores.json',
        'calibrate path/to/model --measures gradient fisher --task text --data text.txt -o - --json',
      ]),
    );

export type CalibrateOptions = OptionsOf<typeof calibrate>;

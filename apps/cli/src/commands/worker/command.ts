/** `alphalora worker`: what it takes. */
import { jobs, queueHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { byteSize, positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';

export type WorkerOptions = OptionsOf<typeof worker>;

export const worker = () =>
  command('worker', plugins)
    .description('measure matrices for analyze --queue on other machines, until stopped')
    .argument('<queue>', queueHelp)
    .option('--root <folder...>', 'read models from these folders (default: only hf://)')
    .addOption(jobs())
    .option(
      '--max-memory <size>',
      'limit the memory of the matrices being measured (default: 80 % of RAM)',
      byteSize,
    )
    .option('--cache-dir <folder>', 'keep spectra here')
    .option('--no-cache', 'keep no spectra and use none')
    .option(
      '--lock <seconds>',
      'reassign its jobs after this long without a heartbeat',
      positive,
      30,
    )
    .option(
      '--job-timeout <seconds>',
      'give up on a matrix after this long (default: an hour, more for large ones)',
      positive,
    )
    .option('--exit-when-idle <seconds>', 'stop after this long without work', positive)
    .optionsGroup(headings.output)
    .option('--json', 'print each event as a JSON object on a line of its own')
    .addHelpText(
      'after',
      examples([
        'worker redis://host/run --root /models',
        'worker redis://host/run --jobs 4 --exit-when-idle 300 --json',
      ]),
    );

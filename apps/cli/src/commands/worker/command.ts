/** `alphalora worker`: what it takes. */
import { queueHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { byteSize, positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';

export type WorkerOptions = OptionsOf<typeof worker>;

export const worker = () =>
  command('worker', plugins)
    .description('measure matrices for analyze --queue on other machines, until stopped')
    .argument('<queue>', queueHelp)
    .option('--root <folder...>', 'models may be read from there (default: only hf://)')
    .option('--jobs <count>', 'matrices at once (default: processors)', positive)
    .option('--max-memory <size>', 'for the matrices in flight (default: 80 % of RAM)', byteSize)
    .option('--cache-dir <folder>', 'where spectra are kept')
    .option('--no-cache', 'keep no spectra and use none')
    .option('--lock <seconds>', 'silence after which its matrices go to others', positive, 30)
    .option(
      '--job-timeout <seconds>',
      'for a matrix (default: an hour, more for large ones)',
      positive,
    )
    .option('--exit-when-idle <seconds>', 'stop after so long without work', positive)
    .option('--json', 'print what happens, a JSON object a line');

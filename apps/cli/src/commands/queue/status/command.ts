/** `alphalora queue status`: what it takes. */
import { json, queueHelp } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { examples } from '../../../options/help.js';

export type QueueStatusOptions = OptionsOf<typeof queueStatus>;

export const queueStatus = () =>
  command('status')
    .description('show progress, workers and failures')
    .argument('<queue>', queueHelp)
    .addOption(json())
    .addHelpText(
      'after',
      examples(['queue status redis://host/run', 'queue status redis://host/run --json']),
    );

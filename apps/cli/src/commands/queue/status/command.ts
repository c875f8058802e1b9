/** `alphalora queue status`: what it takes. */
import { json, queueHelp } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';

export type QueueStatusOptions = OptionsOf<typeof queueStatus>;

export const queueStatus = () =>
  command('status')
    .description('show progress, workers and failures')
    .argument('<queue>', queueHelp)
    .addOption(json());

/** `alphalora inspect`: what it takes. */
import { json, modelHelp, splitFused } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { remote } from '../../options/measuring.js';
import { plugins } from '../../options/plugins.js';

export type InspectOptions = OptionsOf<typeof inspect>;

export const inspect = () =>
  command('inspect', remote, plugins)
    .description('list the weights of a model; reads headers only')
    .argument('<model>', modelHelp)
    .addOption(splitFused())
    .addOption(json());

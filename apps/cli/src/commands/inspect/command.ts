/** `alphalora inspect`: what it takes. */
import { jobs, json, modelHelp, splitFused } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples } from '../../options/help.js';
import { remote } from '../../options/measuring.js';
import { plugins } from '../../options/plugins.js';

export type InspectOptions = OptionsOf<typeof inspect>;

export const inspect = () =>
  command('inspect', remote, plugins)
    .description('list what a model consists of and what an analysis takes; reads headers only')
    .argument('<model>', modelHelp)
    .option('--all', 'list every weight on a line of its own')
    .addOption(splitFused())
    .addOption(jobs())
    .addOption(json())
    .addHelpText(
      'after',
      examples(['inspect model.safetensors', 'inspect hf://org/name --all --json']),
    );

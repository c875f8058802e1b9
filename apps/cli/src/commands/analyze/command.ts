/** `alphalora analyze`: what it takes. */
import { dryRun, modelHelp } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { measuring, remote } from '../../options/measuring.js';
import { parseShard } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { publishedMeasurements } from '../../options/published.js';
import {
  type Rule,
  refusing,
  unusedInForecasts,
  unusedWithoutCache,
} from '../../options/unused.js';

export type AnalyzeOptions = OptionsOf<typeof analyze>;

export const analyze = () =>
  command('analyze', publishedMeasurements, measuring, remote, plugins)
    .description('measure the spectra of a model and fit their tails')
    .argument('<model>', modelHelp)
    .optionsGroup(headings.weights)
    .option('--base <model>', 'measure W - W_base, what training changed of this model')
    .optionsGroup(headings.computing)
    .option(
      '--shard <i/n>',
      'measure only the i-th of n parts; alphalora merge joins them',
      parseShard,
    )
    .optionsGroup(headings.output)
    .option('-o, --output <file>', 'write the analysis to a file; - is stdout')
    .option('--save-spectra <folder>', 'write the eigenvalues of each matrix to a .npy in a folder')
    .addOption(dryRun())
    .addHelpText(
      'after',
      examples([
        'analyze path/to/model -o analysis.json',
        'analyze hf://org/name --estimator ks --metrics all --json',
        'analyze model.gguf --include q_proj k_proj --fail-on "alpha>6"',
        'analyze path/to/model --shard 1/4 -o part-1.json',
      ]),
    )
    .hook('preAction', refusing(unusedInForecasts, unusedOutput, unusedWithoutCache));

const unusedOutput: Rule = ({ dryRun }) =>
  dryRun
    ? { options: ['output', 'saveSpectra'], because: '--dry-run makes no analysis' }
    : undefined;

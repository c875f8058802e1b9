/** `alphalora export`: what it takes. */
import { exporters } from '@alphalora/exporters';
import { Option } from '@commander-js/extra-typings';
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { collectSetting, decimal, names } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';

export type ExportOptions = OptionsOf<typeof exportCommand>;

export const exportCommand = () =>
  command('export', plugins)
    .description('write a document in the format of another program')
    .argument('<document>', 'an analysis.json or allocation.json')
    .requiredOption('--to <format>', `${exporters.names().join(', ')}, or a path or package`)
    .option(
      '-o, --output <path>',
      'write to a file, - for stdout, or a folder for files with names of their own',
    )
    .addOption(json())
    .option(
      '--scaling <rule>',
      "of each module's update: constant, alpha/r or alpha/sqrt(r) (default: constant; of pytorch alpha/r)",
    )
    .option('--alpha <alpha>', 'of the largest rank (default: that rank; of pytorch 16)', decimal)
    .option('--dropout <share>', 'dropout of the adapters (default: 0; of pytorch 0.05)', decimal)
    .option('--targets <roles>', 'adapt these roles only, e.g. q_proj,v_proj', names)
    .option('--task-type <type>', "PEFT's task type, or none (default: by the model's class)")
    .addOption(
      new Option('--set <key=value>', 'another option of the format; may be repeated')
        .argParser(collectSetting)
        .default<Record<string, unknown>>({}),
    );

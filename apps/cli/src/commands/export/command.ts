/** `alphalora export`: what it takes. */
import { exporters } from '@alphalora/exporters';
import { command, type OptionsOf } from '../../options/declare.js';
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
    );

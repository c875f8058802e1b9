/** `alphalora export`: what it takes. */
import { exporters } from '@alphalora/exporters';
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { collectSetting, decimal, names } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';

export type ExportOptions = OptionsOf<typeof exportCommand>;

export const exportCommand = () =>
  command('export', plugins)
    .description('write a document in the format of another program')
    .argument('<document>', 'an analysis.json or allocation.json')
    .requiredOption(
      '--to <format>',
      `write for ${exporters.names().join(', ')}, or a path or package`,
      oneFormat,
    )
    .optionsGroup(headings.output)
    .option(
      '-o, --output <path>',
      'write to a file, - for stdout, or a folder for files with names of their own',
    )
    .addOption(json())
    .optionsGroup('')
    .option(
      '--scaling <rule>',
      "scale each module's update by constant, alpha/r or alpha/sqrt(r) (default: constant; pytorch: alpha/r)",
    )
    .option(
      '--alpha <alpha>',
      'set the alpha of the largest rank (default: that rank; pytorch: 16)',
      decimal,
    )
    .option(
      '--dropout <share>',
      'set the dropout of the adapters (default: 0; pytorch: 0.05)',
      decimal,
    )
    .option('--targets <roles>', 'adapt these roles only, e.g. q_proj,v_proj', names)
    .option('--task-type <type>', "set PEFT's task type, or none (default: by the model's class)")
    .addOption(
      new Option('--set <key=value>', 'set another option of the format; may be repeated')
        .argParser(collectSetting)
        .default<Record<string, unknown>>({}, 'none'),
    )
    .addHelpText(
      'after',
      examples([
        'export allocation.json --to peft -o adapter/',
        'export allocation.json --to trl -o trl/',
        'export allocation.json --to axolotl -o axolotl.yaml',
        'export analysis.json --to csv',
      ]),
    );

function oneFormat(text: string): string {
  const all = text.split(',').map((name) => name.trim());
  if (all.length > 1 && all.some((name) => exporters.has(name))) {
    throw new InvalidArgumentError('It must be one format; plan --export takes several.');
  }
  return text;
}

/** `alphalora merge`: what it takes. */
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';

export type MergeOptions = OptionsOf<typeof merge>;

export const merge = () =>
  command('merge')
    .description('join the parts that analyze --shard wrote')
    .argument('<part...>', 'analysis files')
    .optionsGroup(headings.output)
    .option('-o, --output <file>', 'write the joined analysis to a file; - is stdout')
    .addOption(json())
    .addHelpText(
      'after',
      examples(['merge part-*.json -o analysis.json', 'merge part-1.json part-2.json --json']),
    );

/** `alphalora merge`: what it takes. */
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';

export type MergeOptions = OptionsOf<typeof merge>;

export const merge = () =>
  command('merge')
    .description('join the parts that analyze --shard wrote')
    .argument('<part...>', 'analysis files')
    .option('-o, --output <file>', 'write the joined analysis to a file; - is stdout')
    .addOption(json());

/** `alphalora adapter merge`: what it takes. */
import { adapterHelp, json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { remote } from '../../../options/measuring.js';
import { byteSize, expertChoice } from '../../../options/parsers.js';

export type AdapterMergeOptions = OptionsOf<typeof adapterMerge>;

export const adapterMerge = () =>
  command('merge', remote)
    .description("write a model with an adapter's updates in its weights, as transformers loads it")
    .argument('<model>', 'the base: a folder or hf://, config.json and weights in BF16, F16 or F32')
    .argument('<adapter>', adapterHelp)
    .requiredOption('-o, --output <folder>', 'write to this folder, which may not hold files yet')
    .option(
      '--expert <which>',
      'merge this expert of a mixture, by its number, or the mean; answers differ from those of the mixture',
      expertChoice,
    )
    .option(
      '--max-shard-size <size>',
      'split weights into files of at most this size, e.g. 2GB (default: 5GB)',
      byteSize,
    )
    .addOption(json())
    .addHelpText('after', examples);

const examples = `
Examples:
  alphalora adapter merge llama my-lora -o llama-merged
  alphalora adapter merge hf://org/llama my-experts --expert mean -o llama-mean
`;

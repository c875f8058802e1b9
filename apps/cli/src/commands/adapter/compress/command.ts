/** `alphalora adapter compress`: what it takes. */
import { adapterHelp, json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { decimal, expertChoice } from '../../../options/parsers.js';

export type AdapterCompressOptions = OptionsOf<typeof adapterCompress>;

export const adapterCompress = () =>
  command('compress')
    .description(
      'reduce a trained LoRA to the ranks that its singular values need, as PEFT reads it',
    )
    .argument('<adapter>', adapterHelp)
    .requiredOption('-o, --output <folder>', 'write to this folder, which may not hold files yet')
    .option('--rank <mean>', 'keep this mean rank over all modules, e.g. 8', decimal)
    .option('--parameters <share>', 'keep at most this share of the parameters, e.g. 0.25', decimal)
    .option('--energy <share>', 'keep this share of the squared singular values, e.g. 0.9', decimal)
    .option(
      '--expert <which>',
      'compress this expert of a mixture, by its number, or the mean; answers differ from those of the mixture',
      expertChoice,
    )
    .addOption(json())
    .addHelpText('after', examples);

const examples = `
One threshold for the singular values of all modules decides, as in PARA (arXiv 2604.27796).

Examples:
  alphalora adapter compress my-lora --energy 0.95 -o my-lora-small
  alphalora adapter compress my-lora --rank 4 -o my-lora-4
`;

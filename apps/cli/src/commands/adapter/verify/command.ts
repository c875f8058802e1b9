/** `alphalora adapter verify`: what it takes. */
import { adapterHelp, json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';

export type AdapterVerifyOptions = OptionsOf<typeof adapterVerify>;

export const adapterVerify = () =>
  command('verify')
    .description('check that a trained adapter has the ranks and experts of an allocation')
    .argument('<adapter>', adapterHelp)
    .argument('<allocation>', 'the allocation.json that it was trained by')
    .option(
      '--targets <role...>',
      'check these roles only, e.g. q_proj, where others were left out',
    )
    .addOption(json())
    .addHelpText('after', examples);

const examples = `
Exits with code 4 if they differ: trainers ignore patterns that match nothing without a word.

Examples:
  alphalora adapter verify my-lora allocation.json
  alphalora adapter verify my-lora allocation.json --targets q_proj v_proj
`;

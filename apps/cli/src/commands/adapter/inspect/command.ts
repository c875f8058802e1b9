/** `alphalora adapter inspect`: what it takes. */
import { adapterHelp, json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';

export type AdapterInspectOptions = OptionsOf<typeof adapterInspect>;

export const adapterInspect = () =>
  command('inspect')
    .description('say what a trained adapter consists of, and how many of its ranks it uses')
    .argument('<adapter>', adapterHelp)
    .option('--all', 'list every module on a line of its own')
    .addOption(json())
    .addHelpText('after', examples);

const examples = `
The used rank is the stable rank ||BA||_F^2 / ||BA||_2^2 of each update.

Examples:
  alphalora adapter inspect my-lora
  alphalora adapter inspect my-lora --all --json
`;

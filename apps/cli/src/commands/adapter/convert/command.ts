/** `alphalora adapter convert`: what it takes. */
import { Option } from '@commander-js/extra-typings';
import { adapterHelp, json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { remote } from '../../../options/measuring.js';
import { expertChoice, selectedExperts } from '../../../options/parsers.js';

export type AdapterConvertOptions = OptionsOf<typeof adapterConvert>;

export const adapterConvert = () =>
  command('convert', remote)
    .description('write a trained LoRA in the format of another program')
    .argument('<adapter>', adapterHelp)
    .addOption(
      new Option(
        '--to <format>',
        'write for PEFT, for llama.cpp (GGUF), as train does, or for the released code of MoLA and AlphaLoRA',
      )
        .choices(['peft', 'gguf', 'alphalora', 'mola'] as const)
        .makeOptionMandatory(),
    )
    .requiredOption(
      '-o, --output <path>',
      'write to this folder, or this file of GGUF, not there yet',
    )
    .option(
      '--base <model>',
      'read the headers of this base model, a path or hf:// (default: the folder that the adapter names)',
    )
    .option(
      '--expert <which>',
      'convert this expert of a mixture, by its number, or the mean; answers differ from those of the mixture',
      expertChoice,
    )
    .option(
      '--top-k <list>',
      'say how many experts the router selects in each block, as 1,2,2, or everywhere, of an adapter of the released code of MoLA, which does not (default: 2 of several)',
      selectedExperts,
    )
    .addOption(json())
    .addHelpText('after', examples);

const examples = `
GGUF needs the base, for its architecture and heads; so do files of llama.cpp itself, kohya and diffusers.
alphalora and mola hold all experts of a mixture and its routers; peft and gguf one LoRA for each module.

Examples:
  alphalora adapter convert my-lora --to gguf --base llama -o my-lora.gguf
  alphalora adapter convert my-lora.gguf --to peft --base hf://org/llama -o my-lora
  alphalora adapter convert run --to mola --base llama -o for-mola
`;

/** `alphalora adapter convert`: what it takes. */
import { Option } from '@commander-js/extra-typings';
import { adapterHelp, json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { remote } from '../../../options/measuring.js';
import { expertChoice } from '../../../options/parsers.js';

export type AdapterConvertOptions = OptionsOf<typeof adapterConvert>;

export const adapterConvert = () =>
  command('convert', remote)
    .description('write a trained LoRA in the format of another program')
    .argument('<adapter>', adapterHelp)
    .addOption(
      new Option('--to <format>', 'PEFT, llama.cpp (GGUF), or as train writes adapters')
        .choices(['peft', 'gguf', 'alphalora'] as const)
        .makeOptionMandatory(),
    )
    .requiredOption(
      '-o, --output <path>',
      'write to this folder, or this file of GGUF, not there yet',
    )
    .option(
      '--base <model>',
      'the model that it was trained on, a path or hf://; headers are read (default: the folder that the adapter names)',
    )
    .option(
      '--expert <which>',
      'of a mixture: the number of one expert, or mean; it answers otherwise than the mixture',
      expertChoice,
    )
    .addOption(json())
    .addHelpText('after', examples);

const examples = `
GGUF needs the base, for its architecture and heads; so do files of llama.cpp itself, kohya and diffusers.

Examples:
  alphalora adapter convert my-lora --to gguf --base llama -o my-lora.gguf
  alphalora adapter convert my-lora.gguf --to peft --base hf://org/llama -o my-lora
`;

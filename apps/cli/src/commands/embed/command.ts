/** `alphalora embed`: what it takes. */
import { json } from '../../options/common.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples } from '../../options/help.js';
import { offline } from '../../options/measuring.js';
import { positive } from '../../options/parsers.js';
import { plugins } from '../../options/plugins.js';
import { backend } from '../../options/training.js';

export const embed = () =>
  command('embed', backend, offline, plugins)
    .description('turn texts into vectors with an encoder such as BERT or MiniLM')
    .argument(
      '<model>',
      'a folder as sentence-transformers or transformers saves it; of hf:// models, folders within are not downloaded',
    )
    .option('--text <text>', 'embed this text; may be repeated', (text, texts?: string[]) => [
      ...(texts ?? []),
      text,
    ])
    .option(
      '--input <file>',
      'embed the texts of this file, one per line, or in the field text of .jsonl (default: what stdin brings, as with -)',
    )
    .option('--batch-size <count>', 'compute this many texts at once', positive, 32)
    .option(
      '-o, --output <file>',
      'write the vectors to this file of numpy (.npy) or of JSON lines (.jsonl) (default: JSON lines on stdout)',
    )
    .addOption(json())
    .addHelpText(
      'after',
      examples([
        'embed path/to/model --text "a cat" --text "a dog"',
        'embed path/to/model --input texts.txt -o vectors.npy',
      ]),
    );

export type EmbedOptions = OptionsOf<typeof embed>;

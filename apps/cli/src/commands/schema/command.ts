/** `alphalora schema`: what it takes. */
import { Argument } from '@commander-js/extra-typings';
import { json } from '../../options/common.js';
import { command } from '../../options/declare.js';
import { examples } from '../../options/help.js';

export const schema = () =>
  command('schema')
    .description('print the JSON Schema of a document')
    .addArgument(
      new Argument('<document>', 'the document').choices(['analysis', 'allocation', 'scores']),
    )
    .addOption(json())
    .addHelpText('after', examples(['schema analysis', 'schema allocation --json']));

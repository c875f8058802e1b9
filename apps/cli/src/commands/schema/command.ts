/** `alphalora schema`: what it takes. */
import { command } from '../../options/declare.js';

export const schema = () =>
  command('schema')
    .description('print the JSON Schema of a document')
    .argument('<document>', 'analysis, allocation or scores');

/** `alphalora policy new`: what it takes. */
import { json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { examples } from '../../../options/help.js';

export type PolicyNewOptions = OptionsOf<typeof policyNew>;

export const policyNew = () =>
  command('new')
    .description('write a package with a policy and its tests as a starting point')
    .argument('<name>', 'lower-case words joined by hyphens')
    .option(
      '-o, --output <folder>',
      'write the package into this folder (default: alphalora-policy-<name>)',
    )
    .addOption(json())
    .addHelpText(
      'after',
      examples(['policy new softmax', 'policy new softmax -o my-policy --json']),
    );

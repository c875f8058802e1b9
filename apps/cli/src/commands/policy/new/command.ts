/** `alphalora policy new`: what it takes. */
import { json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';

export type PolicyNewOptions = OptionsOf<typeof policyNew>;

export const policyNew = () =>
  command('new')
    .description('write a package with a policy and its tests, to start from')
    .argument('<name>', 'lower-case words joined by hyphens')
    .option('-o, --output <folder>', 'folder of the package (default: alphalora-policy-<name>)')
    .addOption(json());

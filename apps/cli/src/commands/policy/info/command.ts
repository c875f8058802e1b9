/** `alphalora policy info`: what it takes. */

import { json, policyHelp } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { examples } from '../../../options/help.js';
import { plugins } from '../../../options/plugins.js';

export type PolicyInfoOptions = OptionsOf<typeof policyInfo>;

export const policyInfo = () =>
  command('info', plugins)
    .description('show what a policy allocates, needs and promises')
    .argument('<policy>', policyHelp)
    .addOption(json())
    .addHelpText('after', examples(['policy info alphalora', 'policy info ./own.mjs --json']));

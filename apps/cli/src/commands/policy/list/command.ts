/** `alphalora policy list`: what it takes. */

import { json } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { examples } from '../../../options/help.js';
import { plugins } from '../../../options/plugins.js';

export type PolicyListOptions = OptionsOf<typeof policyList>;

export const policyList = () =>
  command('list', plugins)
    .description('list the built-in policies and those of the configuration')
    .addOption(json())
    .addHelpText('after', examples(['policy list', 'policy list --json']));

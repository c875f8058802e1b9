/** `alphalora policy check`: what it takes. */

import { json, policyHelp, settings } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { examples } from '../../../options/help.js';
import { integer } from '../../../options/parsers.js';
import { plugins } from '../../../options/plugins.js';

export type PolicyCheckOptions = OptionsOf<typeof policyCheck>;

export const policyCheck = () =>
  command('check', plugins)
    .description('run the conformance tests on a policy')
    .argument('<policy>', policyHelp)
    .addOption(settings())
    .option('--seed <number>', "seed the tests' scores and the policy", integer, 1)
    .addOption(json())
    .addHelpText('after', examples(['policy check .', 'policy check ./own.mjs --set beta=2']));

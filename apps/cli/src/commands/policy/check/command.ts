/** `alphalora policy check`: what it takes. */

import { json, policyHelp, settings } from '../../../options/common.js';
import { command, type OptionsOf } from '../../../options/declare.js';
import { integer } from '../../../options/parsers.js';
import { plugins } from '../../../options/plugins.js';

export type PolicyCheckOptions = OptionsOf<typeof policyCheck>;

export const policyCheck = () =>
  command('check', plugins)
    .description('test a policy for what every policy owes its users')
    .argument('<policy>', policyHelp)
    .addOption(settings())
    .option('--seed <number>', "of the tests' scores and of the policy", integer, 1)
    .addOption(json());

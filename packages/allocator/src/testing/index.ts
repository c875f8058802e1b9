/** The conformance kit of policies, for any test framework or none. */
export type { Check, TestFunctions } from '@alphalora/contracts/testing';
export type { CheckSettings } from './check-policy.js';
export { checkNames, checkPolicy, describePolicy } from './check-policy.js';

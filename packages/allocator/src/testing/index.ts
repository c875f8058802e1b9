/** Conformance tests for policies, for any test framework or none. */
export type { CheckSettings, PolicyCheck } from './check-policy.js';
export { checkNames, checkPolicy } from './check-policy.js';
export type { TestFunctions } from './describe-policy.js';
export { describePolicy } from './describe-policy.js';

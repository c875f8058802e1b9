/** Conformance kits of routers and their losses, for any test framework or none. */
export type { Check, TestFunctions } from '@alphalora/contracts/testing';
export { checkRouter, describeRouter } from './check-router.js';
export { checkRouterLoss, describeRouterLoss } from './check-router-loss.js';

/** Conformance kits of routers, their losses and tasks, for any test framework or none. */
export type { Check, TestFunctions } from '@alphalora/contracts/testing';
export { checkRouter, describeRouter } from './check-router.js';
export { checkRouterLoss, describeRouterLoss } from './check-router-loss.js';
export { checkTask, describeTask, type TaskFile } from './check-task.js';

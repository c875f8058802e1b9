/** What conformance kits are made of; each kit is in the package whose interface it tests. */
export type { Check, Examination, Kit, Outcome, TestFunctions } from './kit.js';
export { createKit, forEachOf } from './kit.js';

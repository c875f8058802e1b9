/** The conformance kit of formats, for any test framework or none. */
export type { Check, TestFunctions } from '@alphalora/contracts/testing';
export { checkFormat, describeFormat } from './check-format.js';
export type { FormatFile } from './subject.js';

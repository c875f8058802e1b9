/** The conformance kit of exporters, for any test framework or none. */
export type { Check, TestFunctions } from '@alphalora/contracts/testing';
export { checkExporter, describeExporter } from './check-exporter.js';

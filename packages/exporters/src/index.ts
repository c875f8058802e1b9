/** Analyses and allocations in the formats of other programs; runs in Node and the browser. */
export {
  type AdapterComparison,
  compareAdapter,
  type ModuleDifference,
  type ModulePortion,
} from './adapters/differences.js';
export { exportDocument } from './export.js';
export { exporters } from './registry.js';

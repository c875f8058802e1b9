/** Work on documents: checked in full before they are used, and read alike by all. */
export {
  type AllocationSummary,
  amountOf,
  amountsByBlock,
  labelOf,
  summaryOf,
} from './amounts.js';
export { parseAllocation, parseAnalysis, parseTrainingStep } from './parse.js';
export { type ResourceKind, resourceNames, resources } from './resources.js';
export { amountText, summaryText } from './words.js';

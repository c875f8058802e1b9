/** Work on documents: checked in full before they are used, and read alike by all. */
export { allocatedModel } from './allocated-model.js';
export {
  amountOf,
  amountsByBlock,
  imputedLayers,
  labelOf,
  summaryOf,
} from './amounts.js';
export { coverageOf } from './coverage.js';
export { excessRank } from './excess-rank.js';
export { formatDocument } from './format.js';
export { joinParts, type Part } from './join.js';
export { metricMeans } from './metric-means.js';
export { parseAllocation, parseAnalysis, parseDocument, parseTrainingStep } from './parse.js';
export { escapedData, printable, printableData } from './printable.js';
export { type Quantized, quantizedMatrices } from './quantization.js';
export { defaultResource, type ResourceKind, resourceNames, resources } from './resources.js';
export { formatSettings, parseSetting } from './settings.js';
export {
  analysisFor,
  analysisOfStack,
  blockLabel,
  chosenStack,
  type StackNames,
  stackNames,
} from './stacks.js';
export {
  crossings,
  parseThreshold,
  requireMeasured,
  type Threshold,
} from './thresholds.js';
export { amountText, budgetText, summaryText } from './words.js';

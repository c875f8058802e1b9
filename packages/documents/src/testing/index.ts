/** Small documents made by hand, for tests of whatever reads documents. */
export {
  hostile,
  llamaLike,
  type Projection,
  projectionAllocation,
  selectionAllocation,
  valueAllocation,
  valuesByProjection,
} from './projections.js';
export { allocationOf, analysisOf, failedRow, measuredRow, skippedRow } from './small.js';

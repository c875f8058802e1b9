/** Documents and scores of the same model side by side. */
export { type AllocationComparison, compareAllocations } from './compare-allocations.js';
export { type AnalysisComparison, compareAnalyses } from './compare-analyses.js';
export type { ModelComparison } from './compare-models.js';
export {
  compareScores,
  type NamedScore,
  type RankCorrelation,
  type ScoreComparison,
} from './compare-scores.js';
export { linearMaps, type StoredMap } from './linear-maps.js';
export { otherSource, requireAlike, requireSameModel } from './same-model.js';
export { type Checkpoint, inNaturalOrder, shortNames } from './series/checkpoints.js';
export {
  type AnalysisSeries,
  compareSeries,
  type TrapSeries,
  trapped,
} from './series/compare-series.js';
export { type TrapVerdict, trapMetric, trapVerdictText } from './series/traps.js';

/** Two documents of the same kind, side by side. */
export { type AllocationComparison, compareAllocations } from './compare-allocations.js';
export { type AnalysisComparison, compareAnalyses } from './compare-analyses.js';

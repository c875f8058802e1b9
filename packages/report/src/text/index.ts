/** Documents as text for people: tables with bars and sparklines, for a terminal or a log. */
export { allocationText } from './allocation.js';
export { analysisText } from './analysis.js';
export { allocationComparisonText, analysisComparisonText } from './comparison.js';
export { fixed, whole } from './numbers.js';
export { type Column, left, table } from './table.js';
export type { Terminal } from './terminal.js';

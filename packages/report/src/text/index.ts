/** Documents as text for people: tables with bars and sparklines, for a terminal or a log. */
export { allocationText } from './allocation.js';
export { analysisText } from './analysis.js';
export { allocationComparisonText, analysisComparisonText } from './comparison.js';
export { type Group, grouped } from './groups.js';
export { misfitsText } from './misfits.js';
export { modelComparisonText } from './models.js';
export { count, fixed, percent, shape, significant, whole } from './numbers.js';
export { scoreComparisonText } from './scores.js';
export { seriesText } from './series.js';
export { type Column, left, table, tableWithin } from './table.js';
export type { Terminal } from './terminal.js';

/** One self-contained HTML page from an analysis and an allocation. */
export type { Documents as ReportDocuments } from './facts.js';
export { renderReport } from './render.js';

/** Analyses and allocations in the formats of other programs; runs in Node and the browser. */
export { type Exportable, exportDocument, exporterFor, formatsOf } from './export.js';
export { type NotesFile, notesFile } from './notes-file.js';
export { exporters } from './registry.js';

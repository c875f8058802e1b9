/**
 * The engine around the stages, for packages that bring the stages in another form than WebAssembly: it
 * reads the matrix, chooses and checks the arithmetic, scales, reports and stops, so that all forms
 * accept, refuse and answer alike.
 */
export { createEngine, type EngineOptions } from './engine.js';
export type { Geometry } from './layout.js';
export type { Candidate } from './load.js';
export { memoryEstimate } from './memory.js';
export type { Instance, StageExports, Stages } from './stages.js';
export { workEstimate } from './work.js';

/** Documents from outside, checked in full before they are used. */
export { parseAllocation, parseAnalysis, parseTrainingStep } from './parse.js';

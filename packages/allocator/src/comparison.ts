/** What the layers of a model can be judged by, and policies side by side by each of it. */
export type {
  Candidate,
  Change,
  PoliciesToCompare,
  PolicyComparison,
} from './compare-policies.js';
export { comparePolicies } from './compare-policies.js';
export type { ScoreSource } from './score-sources.js';
export { layersScoredBy, namedScore, scoreSources } from './score-sources.js';

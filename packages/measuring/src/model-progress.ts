/** How far the analysis of a model is. */
import type { AnalysisProgress } from '@alphalora/htsr-core';

/** `done` and `total` are work in a measure of its own, in proportion to time. */
export interface ModelProgress extends AnalysisProgress {
  /** The part of what is done whose results were found, not computed. */
  found: number;
  /** Bytes that came over the network. */
  received: number;
  /** How long it still takes; absent in the first seconds. */
  secondsLeft?: number;
  /** Whether the engine does not say how far it is within this matrix, so that its part goes by the clock. */
  estimated?: boolean;
}

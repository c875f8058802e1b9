/** The Scores document: what data says of the projections of a model. */
import type { ToolIdentity } from './analysis.js';
import type { Count, Integer, NotNegative, Ordinal, Rank, Words } from './quantities.js';

/** Scores of projections from one pass over data, for policies that allocate by them */
export interface Scores {
  schemaVersion: 1;
  kind: 'scores';
  tool: ToolIdentity;
  model: {
    source: Words;
    architecture?: Words;
  };
  data: {
    task: Words;
    /** Examples that were seen. */
    examples: Ordinal;
    batches: Ordinal;
  };
  options: {
    /** Rank of the LoRA of `fisher`, and number of components of `explained-variance`. */
    rank: Rank;
    seed: Integer;
    [option: string]: unknown;
  };
  /** Which of the measures is `score`. */
  measure: Words;
  scores: ScoreRow[];
}

interface ScoreRow {
  /** Of the weight, as the checkpoint calls it. */
  name: Words;
  block: Count;
  role?: Words;
  /** Mean over the batches. */
  score: number;
  /** Standard error of the mean; absent for a single batch. */
  stderr?: NotNegative;
  /** All measures that were taken, by name. */
  measures: Record<string, MeasuredScore>;
}

interface MeasuredScore {
  mean: number;
  stderr?: NotNegative;
}

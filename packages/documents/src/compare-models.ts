/** Two models side by side, weight by weight: what `modelDistances` of `@alphalora/measuring` finds. */
import type { Distance } from '@alphalora/contracts/weights';

export interface ModelComparison {
  kind: 'comparison';
  of: 'models';
  a: ComparedModel;
  b: ComparedModel;
  /** Of the projections and other matrices that an analysis measures unasked, in the order of a. */
  matrices: DistanceRow[];
  /** Means over these matrices. */
  mean: Distance;
}

interface ComparedModel {
  source: string;
  architecture?: string;
  /** Matrices without a partner of their shape in the other model, and why. */
  unmatched: Array<{ name: string; reason: string }>;
}

interface DistanceRow extends Distance {
  name: string;
  /** Where it has another name. */
  nameInB?: string;
  block?: number;
  role?: string;
  shape: readonly number[];
}

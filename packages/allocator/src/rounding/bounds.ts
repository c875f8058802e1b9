/** Fewest and most units of a single layer. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

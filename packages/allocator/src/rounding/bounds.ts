/** Fewest units of a layer, and most of each. */
export interface Bounds {
  readonly min: number;
  readonly max: readonly number[];
}

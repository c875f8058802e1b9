/** Numbers among the options of the built-in policies. Every option has a default. */
import * as v from 'valibot';

/** A finite number of at least `least`. */
export function numberFrom(
  least: number,
): v.SchemaWithPipe<
  readonly [
    v.NumberSchema<undefined>,
    v.FiniteAction<number, undefined>,
    v.MinValueAction<number, number, undefined>,
  ]
> {
  return v.pipe(v.number(), v.finite(), v.minValue(least));
}

/**
 * Options of routers arrive as plain data from an adapter's file: a schema checks and completes them.
 * An unknown name is an error that lists the known ones, so that a misspelt option never silently
 * changes nothing.
 */
import { AlphaLoraError, refusedOptions } from '@alphalora/contracts';
import * as v from 'valibot';
import type { RouterFactory } from './router.js';

/**
 * The options as the router's schema completes them.
 *
 * @throws AlphaLoraError `INVALID_OPTION` naming the router and the option
 */
export function checkedOptions<Options>(
  { name, options: schema }: RouterFactory<Options>,
  given: Readonly<Record<string, unknown>>,
): Options {
  if (!schema) {
    if (Object.keys(given).length > 0) throw refusedOptions('router', name, given);
    return {} as Options;
  }
  const result = schema['~standard'].validate(given);
  if (result instanceof Promise) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `router ${name}: the schema of its options is asynchronous, and routers are made synchronously`,
      { details: { router: name } },
    );
  }
  if (result.issues) throw refusedOptions('router', name, given, result.issues, schema);
  return result.value;
}

export interface Bounds {
  readonly min: number;
  /** @default none */
  readonly max?: number;
  /** @default false */
  readonly whole?: boolean;
}

export function numberWithin({
  min,
  max = Number.POSITIVE_INFINITY,
  whole = false,
}: Bounds): v.GenericSchema<number> {
  const bounds = max === Number.POSITIVE_INFINITY ? `from ${min}` : `from ${min} to ${max}`;
  const wanted = `give ${whole ? 'a whole number' : 'a number'} ${bounds}`;
  return v.pipe(
    v.number(wanted),
    v.check((value) => value >= min && value <= max && (!whole || Number.isInteger(value)), wanted),
  );
}

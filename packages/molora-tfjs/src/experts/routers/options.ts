/** Options of routers arrive as plain data from an adapter's file: checked by hand, few as they are. */
import { AlphaLoraError } from '@alphalora/contracts';

type Options = Readonly<Record<string, unknown>>;

/** @throws AlphaLoraError `INVALID_OPTION` for a name that the router does not know */
export function refuseOptions(router: string, options: Options, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    const help = known.length > 0 ? `It has: ${known.join(', ')}.` : 'It has none: leave it out.';
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `The router "${router}" has no option "${unknown[0]}". ${help}`,
      { details: { router, option: unknown[0] } },
    );
  }
}

export interface NumberOption {
  readonly router: string;
  readonly name: string;
  readonly fallback: number;
  readonly integer?: boolean;
  readonly min: number;
  readonly max?: number;
}

/** @throws AlphaLoraError `INVALID_OPTION` unless absent or a number within the bounds */
export function numberOption(options: Options, option: NumberOption): number {
  const { router, name, fallback, integer = false, min, max = Number.POSITIVE_INFINITY } = option;
  const value = options[name] ?? fallback;
  if (
    typeof value !== 'number' ||
    !(value >= min && value <= max) ||
    (integer && !Number.isInteger(value))
  ) {
    const kind = integer ? 'a whole number' : 'a number';
    const bounds = max === Number.POSITIVE_INFINITY ? `from ${min}` : `from ${min} to ${max}`;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `Option "${name}" of the router "${router}" is ${String(value)}; give ${kind} ${bounds}.`,
      { details: { router, option: name } },
    );
  }
  return value;
}

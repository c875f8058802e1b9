/** Options that take all words behind them, and with them the argument that was meant. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Command, OptionValues } from '@commander-js/extra-typings';

// biome-ignore lint/suspicious/noExplicitAny: commands of all arguments and options
type AnyCommand = Command<any, any, any>;

/** Where an argument is missing: the option that may have taken it, and what to do; absent where none has. */
export function takenByOption(command: AnyCommand): string | undefined {
  const missing = command.registeredArguments[command.args.length];
  const option = command.options.find(
    (each) => each.variadic && command.getOptionValueSource(each.attributeName()) === 'cli',
  );
  if (missing === undefined || option === undefined) return undefined;
  const words: unknown = command.getOptionValue(option.attributeName());
  return (
    `${option.long} takes all words behind it (${[words].flat().join(', ')}): ` +
    `name the ${missing.name()} before it`
  );
}

/**
 * Refuses a command without the model that an option took; a demo model and scores need none.
 *
 * @throws AlphaLoraError `INVALID_OPTION` naming the option
 */
export function requireUntaken(command: AnyCommand): void {
  const { demo, scores }: OptionValues = command.opts();
  if (demo || scores !== undefined) return;
  const taken = takenByOption(command);
  if (taken !== undefined) throw new AlphaLoraError('INVALID_OPTION', taken);
}

/**
 * Commands as typed declarations: what a command's code is given follows from the options that are
 * declared, so that an option which is renamed in one place only does not pass the type check.
 */
import { Command, type OptionValues } from '@commander-js/extra-typings';

/** Options that several commands have. */
type Group<Added extends OptionValues> = (command: Command) => Command<[], Added>;

// biome-ignore lint/suspicious/noExplicitAny: the options of each group are its own
type AnyGroup = Group<any>;

/** The options of a group, or of a command, as its code is given them. */
// biome-ignore lint/suspicious/noExplicitAny: the arguments of each command are its own
export type OptionsOf<Declared extends (command: Command) => Command<any, any>> = ReturnType<
  ReturnType<Declared>['opts']
>;

type Joined<Groups extends readonly AnyGroup[]> = Groups extends readonly [
  infer First extends AnyGroup,
  ...infer Rest extends readonly AnyGroup[],
]
  ? OptionsOf<First> & Joined<Rest>
  : // biome-ignore lint/complexity/noBannedTypes: a command without options, as commander calls it
    {};

/** A command with the options of these groups, in their order; its own are declared behind them. */
export function command<Groups extends readonly AnyGroup[]>(
  name: string,
  ...groups: Groups
): Command<[], Joined<Groups>> {
  const declared = new Command(name);
  for (const group of groups) group(declared).optionsGroup('');
  return declared as unknown as Command<[], Joined<Groups>>;
}

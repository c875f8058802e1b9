/**
 * What may stand at the cursor, from the commands as they are declared: commands, options, choices of options and
 * arguments, and names of the registries. Where none of these begins like the word, files may.
 */
import type { Command } from '@commander-js/extra-typings';
import { choices as kindsOfOptions } from '../plugins/prepare.js';
import { registryOf } from '../plugins/registries.js';

export interface Candidates {
  /** All begin like the word that is completed. */
  candidates: Array<{ value: string; description: string }>;
  /** Whether a path may stand there too. */
  files: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: commands of all arguments and options
type AnyCommand = Command<any, any, any>;
type AnyOption = AnyCommand['options'][number];
type Values = Pick<Candidates, 'files'> & { values: Array<{ value: string; description: string }> };

/** @param words behind the name of the program; the last is the one that is completed, and may be empty */
export async function candidatesFor(
  program: Command,
  words: readonly string[],
): Promise<Candidates> {
  const typed = joined(words);
  const current = typed.at(-1) ?? '';
  const { command, operands, option, ended } = stateAfter(program, typed.slice(0, -1));
  const [, name, begun] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (!ended && name !== undefined) {
    const given = optionOf(command, name);
    // bash splits words at an = and completes what stands behind it.
    const prefix = words.at(-1) === current ? `${name}=` : '';
    return given ? matching(await valuesOf(given, begun!), begun!, prefix) : nothing;
  }
  if (option && (!option.variadic || !current.startsWith('-'))) {
    return matching(await valuesOf(option, current), current);
  }
  if (!ended && current.startsWith('-')) return matching(optionsOf(command), current);
  if (command.commands.length > 0) return matching(commandsOf(command), current);
  return matching(await valuesOfArgument(command, operands), current);
}

const nothing: Candidates = { candidates: [], files: false };

/** `--policy`, `=`, `alp`, as bash splits it, in one. */
function joined(words: readonly string[]): string[] {
  const whole: string[] = [];
  for (const word of words) {
    const before = whole.at(-1);
    const isOption = before?.startsWith('--') === true;
    if (isOption && (word === '=' ? !before.includes('=') : before.endsWith('=')) && word !== '') {
      whole[whole.length - 1] += word;
    } else {
      whole.push(word);
    }
  }
  return whole;
}

interface State {
  command: AnyCommand;
  /** How many of its arguments were given. */
  operands: number;
  /** The option that the next word belongs to, or may. */
  option: AnyOption | undefined;
  /** Behind a `--`, where nothing is an option. */
  ended: boolean;
}

function stateAfter(program: AnyCommand, words: readonly string[]): State {
  const state: State = { command: program, operands: 0, option: undefined, ended: false };
  for (const word of words) {
    if (state.ended) state.operands++;
    else if (word === '--') Object.assign(state, { ended: true, option: undefined });
    else if (word.startsWith('-') && word !== '-') {
      const option = optionOf(state.command, word.split('=')[0]!);
      const takes = option && (option.required || option.optional) && !word.includes('=');
      state.option = takes ? option : undefined;
    } else if (state.option) {
      if (!state.option.variadic) state.option = undefined;
    } else {
      const sub = state.command.commands.find((each) => each.name() === word);
      if (sub) Object.assign(state, { command: sub, operands: 0 });
      else state.operands++;
    }
  }
  return state;
}

function optionOf(command: AnyCommand, flag: string): AnyOption | undefined {
  return command
    .createHelp()
    .visibleOptions(command)
    .find(({ long, short }) => long === flag || short === flag) as AnyOption | undefined;
}

function optionsOf(command: AnyCommand): Values {
  const visible = command.createHelp().visibleOptions(command);
  return {
    values: visible.map(({ long, short, description }) => ({
      value: long ?? short!,
      description: brief(description),
    })),
    files: false,
  };
}

function commandsOf(command: AnyCommand): Values {
  const visible = command.createHelp().visibleCommands(command);
  return {
    values: visible.map((each) => ({ value: each.name(), description: brief(each.description()) })),
    files: false,
  };
}

/** Options of lists with commas between their names. */
const lists = ['--export', '--policies'];
/** What may be a path, by the words behind options and the names of arguments. */
const paths =
  /file|folder|path|model|name|document|analysis|adapter|source|part|allocation|policy|formats|list/;

async function valuesOf(option: AnyOption, begun: string): Promise<Values> {
  if (option.argChoices) return { values: option.argChoices.map(plain), files: false };
  const kind = kindsOfOptions[option.attributeName()];
  const names = /^--polic(y|ies)$/.test(option.long ?? '')
    ? await policyNames()
    : await namesOf(kind);
  const done = lists.includes(option.long ?? '') ? begun.slice(0, begun.lastIndexOf(',') + 1) : '';
  return { values: names.map((name) => plain(done + name)), files: paths.test(option.flags) };
}

async function valuesOfArgument(command: AnyCommand, operands: number): Promise<Values> {
  const all = command.registeredArguments;
  const last = all.at(-1);
  const argument = all[operands] ?? (last?.variadic ? last : undefined);
  if (!argument) return optionsOf(command);
  if (argument.argChoices) return { values: argument.argChoices.map(plain), files: false };
  const names = argument.name() === 'policy' ? await policyNames() : [];
  // A new policy is called as nobody else is.
  const files = paths.test(argument.name()) && argument.name() !== 'name';
  return { values: names.map(plain), files };
}

async function policyNames(): Promise<readonly string[]> {
  return (await import('@alphalora/allocator')).policies.names();
}

/** Those of packages that are not installed are not known. */
async function namesOf(
  kind: (typeof kindsOfOptions)[string] | undefined,
): Promise<readonly string[]> {
  if (kind === undefined) return [];
  return registryOf(kind).then(
    (registry) => registry.names(),
    () => [],
  );
}

const plain = (value: string) => ({ value, description: '' });

/** What fits on a line beside it. */
function brief(description: string): string {
  return description.replace(/\s*[;:(].*$/s, '');
}

function matching({ values, files }: Values, begun: string, prefix = ''): Candidates {
  const candidates = values
    .filter(({ value }) => value.startsWith(begun))
    .map(({ value, description }) => ({ value: prefix + value, description }));
  return { candidates, files };
}

/** Before a command runs: the configuration is found, and what it and the command line name is added. */
import type { Io } from '../io.js';
import { openPlugins, type PluginOptions } from './index.js';
import type { ExtensionKindName } from './kinds.js';

type Options = Readonly<Record<string, unknown>>;

/** A command that may use things of others. */
export interface PluggedCommand {
  name: string;
  args: readonly string[];
  options: Options & PluginOptions;
  /** Replaces what an option refers to by a path or a package by its name. */
  rename(option: string, value: unknown): void;
}

const reading = ['formats', 'sources'] as const;
const measuring = [...reading, 'engines', 'estimators', 'metrics'] as const;
const training = [...reading, 'tasks'] as const;

/** What each command chooses from; policies are opened by the commands themselves. */
const kindsOf: Readonly<Record<string, readonly ExtensionKindName[]>> = {
  inspect: reading,
  analyze: measuring,
  allocate: measuring,
  plan: measuring,
  worker: measuring,
  export: ['exporters'],
  train: training,
  evaluate: training,
  generate: reading,
};

/** The options by which things are chosen. */
const choices: Readonly<Record<string, ExtensionKindName>> = {
  engine: 'engines',
  estimator: 'estimators',
  metrics: 'metrics',
  to: 'exporters',
  task: 'tasks',
};

/** The options that name what is read. */
const inputOptions = ['adapter', 'scores', 'data', 'allocation', 'experts', 'root'];

export async function preparePlugins(command: PluggedCommand, io: Io): Promise<void> {
  const { name, options } = command;
  const kinds = kindsOf[name] ?? [];
  const plugins = openPlugins(options, inputsOf(command), io);
  io.plugins = plugins;
  await plugins.extend(kinds);
  for (const [option, kind] of Object.entries(choices)) {
    const value = options[option];
    if (value === undefined || !kinds.includes(kind)) continue;
    const known = Array.isArray(value)
      ? await Promise.all(value.map((each) => plugins.name(kind, each)))
      : await plugins.name(kind, value as string);
    if (`${known}` !== `${value}`) command.rename(option, known);
  }
}

function inputsOf({ name, args, options }: PluggedCommand): string[] {
  // What is named there is run, not read; or it is a queue.
  const named = ['list', 'info', 'check', 'worker'].includes(name) ? [] : args;
  return [...named, ...inputOptions.flatMap((option) => options[option])].filter(
    (input): input is string => typeof input === 'string',
  );
}

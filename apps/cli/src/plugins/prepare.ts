/** Before a command runs: the configuration is found, and what it and the command line name is added. */
import type { ExtensionKind } from '@alphalora/plugins';
import type { Io } from '../io.js';
import { type PluginOptions, pluginsFor } from './index.js';

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
const training = [...reading, 'routers', 'losses', 'tasks'] as const;

/** What each command chooses from; policies are opened by the commands themselves. */
const kindsOf: Readonly<Record<string, readonly ExtensionKind[]>> = {
  inspect: reading,
  analyze: measuring,
  allocate: measuring,
  plan: [...measuring, 'exporters'],
  worker: measuring,
  export: ['exporters'],
  train: training,
  evaluate: training,
  generate: [...reading, 'routers'],
};

/** The options by which things are chosen, as commander calls them. */
export const choices: Readonly<Record<string, ExtensionKind>> = {
  engine: 'engines',
  estimator: 'estimators',
  metrics: 'metrics',
  to: 'exporters',
  export: 'exporters',
  router: 'routers',
  task: 'tasks',
};

/** The options that name what is read. */
const inputOptions = ['adapter', 'scores', 'data', 'allocation', 'experts', 'root'];

export async function preparePlugins(command: PluggedCommand, io: Io): Promise<void> {
  const { name, options } = command;
  const kinds = kindsOf[name] ?? [];
  const plugins = pluginsFor(options, inputsOf(command), io);
  io.plugins = plugins;
  await plugins.extend(kinds);
  for (const [option, kind] of Object.entries(choices)) {
    const value = options[option];
    if (value === undefined || !kinds.includes(kind)) continue;
    const known = Array.isArray(value)
      ? await Promise.all(value.map((each) => plugins.nameOf(kind, each)))
      : await plugins.nameOf(kind, value as string);
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

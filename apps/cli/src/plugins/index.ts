/** What others wrote, for the command that runs. */
import type { Preparation } from '@alphalora/measuring';
import { type Extension, openPlugins } from '@alphalora/plugins';
import type { Io } from '../io.js';
import { tell } from '../output/printable.js';
import type { CommandPlugins } from './command-plugins.js';
import { findConfiguration } from './find-configuration.js';
import register from './register.js';
import { registryOf } from './registries.js';

export interface PluginOptions {
  /** A configuration file; otherwise that of the project that is worked in, if any. */
  config?: string;
  /** Seconds that foreign code may take for loading, and a policy for each answer. */
  policyTimeout: number;
}

/** @param inputs what the command reads: a configuration that may have come with it is not run */
export function pluginsFor(
  { config = process.env['ALPHALORA_CONFIG'] || undefined, policyTimeout }: PluginOptions,
  inputs: readonly string[],
  { stderr, signal }: Io,
): CommandPlugins {
  const { file, skipped } = findConfiguration({ config, folder: process.cwd(), inputs });
  if (file !== undefined) tell(stderr, `configuration: ${file}`);
  if (skipped) {
    const { name, why } = skipped;
    tell(
      stderr,
      `note: ${name} ${why}: it is not run; --config ${name} would use it, or ALPHALORA_CONFIG`,
    );
  }
  const plugins = openPlugins({
    configuration: file,
    timeout: policyTimeout,
    timeoutName: '--policy-timeout',
    signal,
    // What a policy prints must not mix with the result.
    onOutput: (text) => void stderr.write(text),
  });
  const added: Extension[] = [];
  const add = async (found: readonly Extension[]): Promise<void> => {
    await register(found);
    added.push(...found);
  };
  return {
    ...plugins,
    added,
    extend: async (kinds) => add(await plugins.extensions(kinds)),
    async nameOf(kind, reference) {
      if ((await registryOf(kind)).has(reference)) return reference;
      const found = await plugins.extension(kind, reference);
      if (!found) return reference;
      await add([found]);
      return found.name;
    },
  };
}

/** What was opened for the command that runs. */
export function pluginsOf({ plugins }: Pick<Io, 'plugins'>): CommandPlugins {
  if (!plugins) throw new Error('a command without the options of plugins uses them');
  return plugins;
}

/** How the threads that measure come to know what has joined the registries here. */
export function preparationOf({ plugins }: Pick<Io, 'plugins'>): Preparation | undefined {
  const { added = [] } = plugins ?? {};
  if (added.length === 0) return undefined;
  return { module: new URL('./register.js', import.meta.url).href, data: added };
}

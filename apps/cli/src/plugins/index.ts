/**
 * What somebody else wrote: policies, and things of every other kind that can be chosen by name. The
 * built-in policies run here, with the program; those of others are loaded and run in a worker thread,
 * which can be ended when one hangs. Other things are loaded there first, under the same limit, and
 * then join the registries of the threads that use them.
 */
import { resolve } from 'node:path';
import { defined, isAlphaLoraError } from '@alphalora/contracts';
import type { Preparation } from '@alphalora/measuring';
import type { Io } from '../io.js';
import { tell } from '../output/printable.js';
import { isBuiltIn, listBuiltIn, openBuiltIn } from './built-in.js';
import { findConfiguration } from './configuration.js';
import { type ExtensionKindName, extensionKinds } from './kinds.js';
import type { OpenPolicy, PolicyInfo } from './open-policy.js';
import { missingPackage } from './reference.js';
import register, { type Extension } from './register.js';
import { startThread, type Thread } from './thread.js';

export interface PluginOptions {
  /** A configuration file; otherwise that of the project that is worked in, if any. */
  config?: string;
  /** Seconds that foreign code may take for loading, and a policy for each answer. */
  policyTimeout: number;
}

export interface Plugins {
  /** From the configuration: what holds where the command line says nothing. */
  defaults(): Promise<{ policy?: string; set?: Record<string, unknown> }>;
  /** The configuration's options, for a reference to the configuration's policy; else none. */
  settings(reference: string): Promise<Record<string, unknown>>;
  /** The built-in policies, then those of the configuration. */
  list(): Promise<PolicyInfo[]>;
  /**
   * @param reference a built-in name, a name in the configuration, a path or a package
   * @throws AlphaLoraError `INVALID_OPTION` naming the reference when it leads to no sound policy
   */
  open(reference: string): Promise<OpenPolicy>;
  /** Adds to the registries what the configuration names of these kinds. */
  extend(kinds: readonly ExtensionKindName[]): Promise<void>;
  /**
   * The name of a thing, which joins its registry where it is referred to by path or package.
   *
   * @returns an unknown name as it is: what it is for knows what else there is to choose from
   */
  name(kind: ExtensionKindName, reference: string): Promise<string>;
  /** What has joined the registries, for other threads. */
  readonly extensions: readonly Extension[];
  close(): Promise<void>;
}

/** @param inputs what the command reads: a configuration that may have come with it is not run */
export function openPlugins(
  { config = process.env['ALPHALORA_CONFIG'] || undefined, policyTimeout }: PluginOptions,
  inputs: readonly string[],
  io: Io,
): Plugins {
  const folder = process.cwd();
  const { file, skipped } = findConfiguration({ config, folder, inputs });
  if (file !== undefined) tell(io.stderr, `configuration: ${file}`);
  if (skipped) {
    const { name, why } = skipped;
    tell(
      io.stderr,
      `note: ${name} ${why}: it is not run; --config ${name} would use it, or ALPHALORA_CONFIG`,
    );
  }
  let running: Thread | undefined;
  const thread = (): Thread => {
    const settings = { folder, ...defined({ configuration: file }) };
    running ??= startThread(settings, policyTimeout, io);
    return running;
  };
  const extensions: Extension[] = [];
  const add = async (found: readonly Extension[]): Promise<void> => {
    await register(found);
    extensions.push(...found);
  };
  const plugins: Plugins = {
    extensions,
    defaults: async () => (file === undefined ? {} : thread().call('configure')),
    async settings(reference) {
      const { policy = '', set } = await plugins.defaults();
      return [reference, resolve(reference)].includes(policy) ? { ...set } : {};
    },
    list: async () => [
      ...(await listBuiltIn()),
      ...(file === undefined ? [] : await thread().call('list')),
    ],
    open: async (reference) =>
      isBuiltIn(reference)
        ? openBuiltIn(reference, io.signal)
        : openForeign(reference, thread(), policyTimeout),
    async extend(kinds) {
      if (file !== undefined && kinds.length > 0)
        await add(await thread().call('extensions', kinds));
    },
    async name(kind, reference) {
      const registry = await extensionKinds[kind].registry();
      // What is a single word can be no path, and is more likely misspelt than a package.
      if (registry.has(reference) || /^\w*$/.test(reference)) return reference;
      try {
        const found = await thread().call('extension', kind, reference);
        await add([found]);
        return found.name;
      } catch (error) {
        if (isAlphaLoraError(error) && error.details[missingPackage] === reference)
          return reference;
        throw error;
      }
    },
    close: async () => running?.close(),
  };
  return plugins;
}

/** What was opened for the command that runs. */
export function pluginsOf({ plugins }: Pick<Io, 'plugins'>): Plugins {
  if (!plugins) throw new Error('a command without the options of plugins uses them');
  return plugins;
}

/** How the threads that measure come to know what has joined the registries here. */
export function preparationOf({ plugins }: Pick<Io, 'plugins'>): Preparation | undefined {
  const { extensions = [] } = plugins ?? {};
  if (extensions.length === 0) return undefined;
  return { module: new URL('./register.js', import.meta.url).href, data: extensions };
}

async function openForeign(
  reference: string,
  thread: Thread,
  policyTimeout: number,
): Promise<OpenPolicy> {
  const { key, info } = await thread.call('open', reference);
  const timeout = Math.max(1, Math.round(1000 * policyTimeout));
  return {
    info,
    defaults: () => thread.call('defaults', key),
    allocate: (job) => thread.call('allocate', key, job),
    check: (settings) => thread.call('check', key, { ...settings, timeout }),
  };
}

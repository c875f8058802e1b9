/**
 * What somebody else wrote: policies, and things of every other kind that can be chosen by name. The
 * built-in policies run here, with the program; those of others are loaded and run in a worker thread,
 * which can be ended when one hangs. Other things are loaded there first, under the same limit, before
 * they join the registries of the threads that use them.
 */
import { resolve } from 'node:path';
import { defined, isAlphaLoraError } from '@alphalora/contracts';
import { isBuiltIn, listBuiltIn, openBuiltIn } from './built-in.js';
import type { ExtensionKind } from './kinds.js';
import type { Extension } from './load-extension.js';
import type { OpenPolicy, PolicyInfo } from './open-policy.js';
import { missingPackage } from './reference.js';
import { startThread, type Thread } from './thread.js';

export interface PluginsOptions {
  /** A configuration file, by its absolute path; it is run if it is a script. */
  configuration?: string | undefined;
  /** References by path and package are resolved from there. @default the working folder */
  folder?: string;
  /** Seconds that foreign code may take for loading, and a policy for each answer. @default 30 */
  timeout?: number;
  /** What messages call that limit. @default 'timeout' */
  timeoutName?: string;
  /** Ends the thread. */
  signal?: AbortSignal;
  /** Is given what foreign code prints. @default stderr */
  onOutput?: (text: string) => void;
}

export interface Plugins {
  /** From the configuration: what holds where the user says nothing. */
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
  /**
   * What the configuration names of these kinds.
   *
   * @throws AlphaLoraError `INVALID_OPTION` when one of them cannot be loaded
   */
  extensions(kinds: readonly ExtensionKind[]): Promise<Extension[]>;
  /**
   * What a path or the name of a package leads to.
   *
   * @returns undefined for a word that names no package
   * @throws AlphaLoraError `INVALID_OPTION` when it cannot be loaded, or is no such thing
   */
  extension(kind: ExtensionKind, reference: string): Promise<Extension | undefined>;
  /** Ends the thread. */
  close(): Promise<void>;
}

/** Nothing is loaded before it is asked for. */
export function openPlugins({
  configuration: file,
  folder = process.cwd(),
  timeout = 30,
  timeoutName = 'timeout',
  signal = new AbortController().signal,
  onOutput = (text) => void process.stderr.write(text),
}: PluginsOptions = {}): Plugins {
  let running: Thread | undefined;
  const thread = (): Thread => {
    const settings = { folder, ...defined({ configuration: file }) };
    running ??= startThread(settings, { timeout, timeoutName, signal, onOutput });
    return running;
  };
  const plugins: Plugins = {
    defaults: async () => (file === undefined ? {} : thread().call('configure')),
    async settings(reference) {
      const { policy = '', set } = await plugins.defaults();
      return [reference, resolve(folder, reference)].includes(policy) ? { ...set } : {};
    },
    list: async () => [
      ...(await listBuiltIn()),
      ...(file === undefined ? [] : await thread().call('list')),
    ],
    open: async (reference) =>
      isBuiltIn(reference)
        ? openBuiltIn(reference, signal)
        : openForeign(reference, thread(), timeout),
    extensions: async (kinds) =>
      file === undefined || kinds.length === 0 ? [] : thread().call('extensions', kinds),
    async extension(kind, reference) {
      // A single word can be no path, and is more likely misspelt than a package.
      if (/^\w*$/.test(reference)) return undefined;
      try {
        return await thread().call('extension', kind, reference);
      } catch (error) {
        if (isAlphaLoraError(error) && error.details[missingPackage] === reference)
          return undefined;
        throw error;
      }
    },
    close: async () => running?.close(),
  };
  return plugins;
}

async function openForeign(
  reference: string,
  thread: Thread,
  seconds: number,
): Promise<OpenPolicy> {
  const { key, info } = await thread.call('open', reference);
  const timeout = Math.max(1, Math.round(1000 * seconds));
  return {
    info,
    defaults: () => thread.call('defaults', key),
    allocate: (job) => thread.call('allocate', key, job),
    verify: (job) => thread.call('verify', key, job),
    check: (settings) => thread.call('check', key, { ...settings, timeout }),
  };
}

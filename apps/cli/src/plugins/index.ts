/**
 * Where policies come from: the built-in ones run here, with the program; whatever somebody else
 * wrote is loaded and run in a worker thread, which can be ended when it hangs.
 */

import { resolve } from 'node:path';
import { defined } from '@alphalora/contracts';
import type { Io } from '../io.js';
import { tell } from '../output/printable.js';
import { isBuiltIn, listBuiltIn, openBuiltIn } from './built-in.js';
import { findConfiguration } from './configuration.js';
import type { OpenPolicy, PolicyInfo } from './open-policy.js';
import { startThread, type Thread } from './thread.js';

export interface PluginOptions {
  /** A configuration file; otherwise that of the project that is worked in, if any. */
  config?: string;
  /** Seconds that a foreign policy may take for loading and for each answer. */
  policyTimeout: number;
  /** What the command reads: a configuration that may have come with it is not run. */
  inputs?: readonly (string | undefined)[];
}

export interface Policies {
  /** From the configuration: what holds where the command line says nothing. */
  readonly defaults: { policy?: string; set?: Record<string, unknown> };
  /** The configuration's options, for a reference to the configuration's policy; else none. */
  settings(reference: string): Record<string, unknown>;
  /** The built-in policies, then those of the configuration. */
  list(): Promise<PolicyInfo[]>;
  /**
   * @param reference a built-in name, a name in the configuration, a path or a package
   * @throws AlphaLoraError `INVALID_OPTION` naming the reference when it leads to no sound policy
   */
  open(reference: string): Promise<OpenPolicy>;
}

/** Runs `use` with the policies at hand, and ends the worker afterwards, whatever happens. */
export async function withPolicies<Result>(
  {
    config = process.env['ALPHALORA_CONFIG'] || undefined,
    policyTimeout,
    inputs = [],
  }: PluginOptions,
  io: Io,
  use: (policies: Policies) => Promise<Result>,
): Promise<Result> {
  const folder = process.cwd();
  const { file, skipped } = findConfiguration({
    config,
    folder,
    inputs: inputs.filter((input) => input !== undefined),
  });
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
  try {
    const defaults: Policies['defaults'] =
      file === undefined ? {} : await thread().call('configure');
    return await use({
      defaults,
      settings: (reference) =>
        [reference, resolve(reference)].includes(defaults.policy ?? '') ? { ...defaults.set } : {},
      list: async () => [
        ...(await listBuiltIn()),
        ...(file === undefined ? [] : await thread().call('list')),
      ],
      open: (reference) =>
        isBuiltIn(reference)
          ? openBuiltIn(reference, io.signal)
          : openForeign(reference, thread(), policyTimeout),
    });
  } finally {
    await running?.close();
  }
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

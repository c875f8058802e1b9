/** `alphalora doctor`: what this machine offers and what is missing, for support requests. */

import { availableParallelism, freemem, totalmem } from 'node:os';
import { AlphaLoraError } from '@alphalora/contracts';
import { defaultCacheFolder, engines } from '@alphalora/measuring';
import { chosenEngine } from '@alphalora/measuring/engines';
import { left, table } from '@alphalora/report/text';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { writeResult } from '../../output/result.js';
import { installedBackends } from '../../training/backends.js';
import { toolVersion } from '../../version.js';
import type { DoctorOptions } from './command.js';

export async function run(options: DoctorOptions, io: Io): Promise<ExitCode> {
  if (options.installTensorflow) return install(options, io);
  if (options.gpu)
    throw new AlphaLoraError('INVALID_OPTION', '--gpu goes with --install-tensorflow');
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const facts = {
    alphalora: toolVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    processors: String(availableParallelism()),
    memory: `${gigabytes(totalmem())}, ${gigabytes(freemem())} free`,
    engines: (await Promise.all(engines.names().map(engineState))).join(', '),
    engine: await defaultEngine(),
    backends: backendStates(),
    cache: defaultCacheFolder(process.env),
  };
  const columns = [left('what'), left('found')];
  writeResult(io.stdout, options, facts, () => table(columns, Object.entries(facts)));
  return exitCodes.done;
}

/** Backends of training, in words. */
function backendStates(): string {
  const states = installedBackends().map(({ name, complete }) => {
    const option = name === 'node-gpu' ? '--install-tensorflow --gpu' : '--install-tensorflow';
    return complete ? name : `${name} (without its library: alphalora doctor ${option})`;
  });
  return states.length > 0 ? states.join(', ') : 'none, TensorFlow.js is not installed';
}

async function install(options: DoctorOptions, { stdout, stderr, signal }: Io): Promise<ExitCode> {
  const { installTensorflow } = await import('./tensorflow/install.js');
  const installed = await installTensorflow({ gpu: options.gpu === true, stderr, signal });
  const { tensorflow, folder, changed } = installed;
  const backend = options.gpu ? 'node-gpu' : 'node';
  writeResult(stdout, options, installed, () => {
    const done = changed ? 'installed' : 'works already';
    return `TensorFlow ${tensorflow} ${done}: --backend ${backend} (${folder})\n`;
  });
  return exitCodes.done;
}

/** The engine that measures unless another is asked for, and why. */
async function defaultEngine(): Promise<string> {
  const { engine, why } = await chosenEngine();
  return `${engine}: ${why}`;
}

/** An engine with the build that it chose, or with the reason why it does not work here. */
async function engineState(name: string): Promise<string> {
  try {
    const engine = await engines.get(name).load('auto');
    const build = await engine.build?.();
    return build === undefined ? name : `${name} (${build})`;
  } catch (error) {
    return `${name} does not work: ${(error as Error).message}`;
  }
}

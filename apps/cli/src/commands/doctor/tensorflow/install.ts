/**
 * TensorFlow for the backends `node` and `node-gpu` where tfjs-node's own download fails or is not
 * allowed: the library out of TensorFlow's wheel for Python, and the binding compiled from the source
 * that is in the package.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Output } from '../../../io.js';
import { compileBinding, tryBinding } from './binding.js';
import { addLibrary, TENSORFLOW_VERSION } from './library.js';
import { type RunProgram, runProgram } from './programs.js';
import { checkRequirements, type Machine, thisMachine, wheelMachine } from './requirements.js';

export interface InstallOptions {
  readonly gpu: boolean;
  readonly stderr: Output;
  readonly signal?: AbortSignal | undefined;
  readonly machine?: Machine;
  readonly run?: RunProgram;
  /** Folder of an installed package; tests pass their own. */
  readonly folderOf?: (name: string) => string;
}

export interface Installed {
  readonly package: string;
  readonly folder: string;
  readonly tensorflow: string;
  /** False where it worked before. */
  readonly changed: boolean;
}

/**
 * Does nothing where the package works already.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when the package is not installed, or the machine lacks
 *   something; `ENGINE_FAILED` when downloading, compiling or the trial fails
 */
export async function installTensorflow(options: InstallOptions): Promise<Installed> {
  const { gpu, stderr, signal, machine = thisMachine(), run = runProgram } = options;
  const name = `@tensorflow/tfjs-node${gpu ? '-gpu' : ''}`;
  const folder = (options.folderOf ?? installedFolder)(name);
  const trial = { run, signal };
  const earlier = await tryBinding(folder, trial).catch(() => signal?.throwIfAborted());
  if (earlier !== undefined) return { package: name, folder, tensorflow: earlier, changed: false };

  const wheel = wheelMachine(machine);
  await checkRequirements(folder, { gpu, run });
  const untested = gpu ? 'with CUDA' : machine.arch === 'arm64' && 'on arm64';
  if (untested) stderr.write(`warning: installing TensorFlow ${untested} is untested\n`);
  const size = gpu ? 'several GB with CUDA' : 'about 260 MB';
  stderr.write(`downloading TensorFlow ${TENSORFLOW_VERSION} with pip (${size}) ...\n`);
  await addLibrary(folder, { machine: wheel, gpu, run, signal });
  stderr.write('compiling the binding ...\n');
  await compileBinding(folder, trial);
  const tensorflow = await tryBinding(folder, trial);
  return { package: name, folder, tensorflow, changed: true };
}

function installedFolder(name: string): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch (cause) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${name} is not installed: npm install --ignore-scripts ${name}@4.22.0 (with --global where alphalora is), then run this again`,
      { cause },
    );
  }
}

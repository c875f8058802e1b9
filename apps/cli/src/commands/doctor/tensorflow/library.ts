/**
 * libtensorflow and its C headers, out of TensorFlow's wheel for Python. None of its Python runs: any
 * version of Python downloads the same wheel.
 */
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AlphaLoraError } from '@alphalora/contracts';
import type { RunProgram } from './programs.js';

/** Loads on Node 20, 22 and 24 with tfjs-node 4.22, as 2.12.1, 2.15.1 and 2.20.0 do. */
export const TENSORFLOW_VERSION = '2.18.1';

/** Folders of the wheel that hold the libraries and what the binding's source includes. */
const parts = [
  'tensorflow/libtensorflow',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tensorflow/tsl/',
  'tensorflow/include/xla/tsl/',
  'tensorflow/include/tsl/',
];

const unpack = `
import sys, zipfile
file, folder, *parts = sys.argv[1:]
with zipfile.ZipFile(file) as wheel:
    for name in wheel.namelist():
        if name.startswith(tuple(parts)): wheel.extract(name, folder)
`;

export interface LibraryOptions {
  /** As names of wheels have it. */
  readonly machine: string;
  readonly gpu: boolean;
  readonly run: RunProgram;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Downloads the wheel with pip and puts what is needed of it into `deps/site-packages` of a package, as a
 * whole or not at all.
 *
 * @param packageFolder of tfjs-node
 * @throws AlphaLoraError `ENGINE_FAILED` when pip cannot download it
 */
export async function addLibrary(
  packageFolder: string,
  { machine, gpu, run, signal }: LibraryOptions,
): Promise<void> {
  const target = join(packageFolder, 'deps', 'site-packages');
  const partial = `${target}.partial`;
  const download = await mkdtemp(join(tmpdir(), 'libtensorflow-'));
  const platforms = [`manylinux_2_17_${machine}`, `manylinux2014_${machine}`];
  const wheels = [
    ...['--only-binary', ':all:', '--implementation', 'cp', '--python-version', '3.11'],
    ...platforms.flatMap((platform) => ['--platform', platform]),
  ];
  const pip = (...args: string[]): Promise<string> =>
    run('python3', ['-m', 'pip', '--disable-pip-version-check', ...args], { signal });
  try {
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    if (gpu) {
      // Its CUDA libraries are looked for beside it, in ../nvidia/*/lib: all packages stay together.
      const asked = `tensorflow[and-cuda]==${TENSORFLOW_VERSION}`;
      await pip('install', '--quiet', ...wheels, '--target', partial, asked);
    } else {
      const name = machine === 'x86_64' ? 'tensorflow-cpu' : 'tensorflow';
      const asked = `${name}==${TENSORFLOW_VERSION}`;
      await pip('download', '--quiet', '--no-deps', ...wheels, '--dest', download, asked);
      const [file] = await readdir(download);
      if (file === undefined) {
        throw new AlphaLoraError('ENGINE_FAILED', `pip downloaded no wheel of ${asked}`);
      }
      await run('python3', ['-c', unpack, join(download, file), partial, ...parts], { signal });
    }
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
    await rm(download, { recursive: true, force: true });
  }
}

/** What the native library of tfjs-node needs of a machine. */
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { AlphaLoraError } from '@alphalora/contracts';
import type { RunProgram } from './programs.js';

/** Of a wheel of TensorFlow, and of what is unpacked of it, in bytes: 207 to 259 MB, and 578 to 780 MB. */
const WHEEL_BYTES = 300e6;
const UNPACKED_BYTES = 800e6;
/** With CUDA, its libraries come along. */
const CUDA_BYTES = 8e9;

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Version of the GNU C library; absent where there is another one. */
  readonly glibc?: string | undefined;
}

export function thisMachine(): Machine {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return { platform: process.platform, arch: process.arch, glibc: header.glibcVersionRuntime };
}

/** The architecture as names of wheels have it. */
export function wheelMachine({ platform, arch, glibc }: Machine): string {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[arch];
  if (platform === 'linux' && machine !== undefined && glibc !== undefined) return machine;
  const here = `${platform}-${arch}${platform === 'linux' && !glibc ? ' without the GNU C library' : ''}`;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `TensorFlow can be installed this way on Linux on x64 and arm64, and this is ${here}: run npm rebuild @tensorflow/tfjs-node, which downloads the library that TensorFlow.js publishes`,
  );
}

const programs = [
  { program: 'g++', args: ['--version'], fix: 'install g++, e.g. apt install g++' },
  {
    program: 'python3',
    args: ['-m', 'pip', '--version'],
    fix: 'install Python 3 with pip, e.g. apt install python3-pip',
  },
] as const;

/**
 * @param folder where the library is to lie
 * @throws AlphaLoraError `INVALID_OPTION` naming everything that is missing, with what to do
 */
export async function checkRequirements(
  folder: string,
  { gpu, run }: { gpu: boolean; run: RunProgram },
): Promise<void> {
  const missing: string[] = [];
  for (const { program, args, fix } of programs) {
    await run(program, args).catch(() => missing.push(fix));
  }
  const room = [
    { where: folder, bytes: gpu ? CUDA_BYTES : UNPACKED_BYTES },
    { where: tmpdir(), bytes: gpu ? CUDA_BYTES : WHEEL_BYTES },
  ];
  for (const { where, bytes } of room) {
    const { bavail, bsize } = await statfs(where);
    const free = bavail * bsize;
    if (free < bytes) {
      missing.push(
        `free ${gigabytes(bytes)} on the disk of ${where}, which has ${gigabytes(free)}`,
      );
    }
  }
  if (missing.length === 0) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `TensorFlow cannot be installed yet: ${missing.join('; ')}`,
    { details: { missing: missing.join('; ') } },
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

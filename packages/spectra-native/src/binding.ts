/**
 * The compiled stages, wherever they are: built in a clone, or in the package for this platform that npm
 * installs beside this one.
 */
import { createRequire } from 'node:module';
import { AlphaLoraError } from '@alphalora/contracts';

/** What the binary exports (`addon/src/lib.rs`). */
export interface Binding {
  instructionSets(): InstructionSet[];
  readonly Stages: new (set: InstructionSet) => NativeStages;
}

/** Instruction sets that the stages are compiled for; which of them there are depends on the processor. */
export const instructionSets = ['avx512bf16', 'avx512', 'avx2', 'neon', 'plain'] as const;
export type InstructionSet = (typeof instructionSets)[number];

/** Numbers are addresses in `memory` and sizes. Precision 0 is float32, 1 float64, 2 bfloat16 in pairs. */
export interface NativeStages {
  /** How many threads work together from now on, which changes no bit. */
  useThreads(count: number): void;
  readonly hasPairs: boolean;
  readonly panelBytes: number;
  readonly workspaceArrays: number;
  readonly workspaceBlocks: number;
  packRows(memory: Uint8Array, precision: number, ...numbers: number[]): void;
  packColumns(memory: Uint8Array, precision: number, ...numbers: number[]): void;
  updateTileRow(memory: Uint8Array, precision: number, ...numbers: number[]): void;
  largestDiagonal(memory: Uint8Array, precision: number, ...numbers: number[]): number;
  reducePanel(memory: Uint8Array, precision: number, ...numbers: number[]): void;
  chaseSweeps(memory: Uint8Array, precision: number, ...numbers: number[]): void;
  extractTridiagonal(memory: Uint8Array, precision: number, ...numbers: number[]): void;
  largest(memory: Uint8Array, ...numbers: number[]): number;
  squareOffDiagonal(memory: Uint8Array, ...numbers: number[]): void;
  solveTridiagonal(memory: Uint8Array, ...numbers: number[]): number;
}

/** Packages for a system and a processor. Of two, npm installs the one for the C library at hand. */
export const platformPackages: Readonly<Record<string, readonly string[]>> = {
  'linux-x64': ['linux-x64-gnu', 'linux-x64-musl'],
  'linux-arm64': ['linux-arm64-gnu', 'linux-arm64-musl'],
  'darwin-x64': ['darwin-x64'],
  'darwin-arm64': ['darwin-arm64'],
  'win32-x64': ['win32-x64-msvc'],
};

const PREFIX = '@alphalora/spectra-native-';
/** Where `scripts/build-native.mjs` puts it. The path is right from `src` and from `dist` alike. */
const BUILT = '../build/spectra-native.node';

const require = createRequire(import.meta.url);
let found: Binding | undefined;

/**
 * @throws AlphaLoraError `ENGINE_FAILED` when there is none for this platform, or none installed
 *   (`details.missing`), or it does not load
 */
export function loadBinding(): Binding {
  found ??= firstThatLoads(`${process.platform}-${process.arch}`, require);
  return found;
}

/** @param load a `require` */
export function firstThatLoads(platform: string, load: (path: string) => unknown): Binding {
  const names = (platformPackages[platform] ?? []).map((name) => PREFIX + name);
  const reasons: string[] = [];
  let cause: unknown;
  for (const path of [BUILT, ...names]) {
    try {
      return load(path) as Binding;
    } catch (error) {
      if (isMissing(error)) continue;
      reasons.push(`${path} does not load`);
      cause = error;
    }
  }
  const missing = reasons.length === 0;
  if (names.length === 0) reasons.push(`there is none for ${platform}`);
  else if (missing) reasons.push(`${names.join(' or ')} is not installed`);
  const message = `no native engine: ${reasons.join('; ')}`;
  throw new AlphaLoraError('ENGINE_FAILED', message, { cause, details: { missing } });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND';
}

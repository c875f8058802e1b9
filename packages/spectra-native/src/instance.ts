/** The compiled stages in the form in which the engine calls them, with memory to work in. */
import type { Candidate, Instance, StageExports, Stages } from '@alphalora/spectra-wasm/host';
import type { Binding, InstructionSet, NativeStages } from './binding.js';
import { GRANULARITY } from './geometry.js';

/** The way to an instance with one instruction set. */
export function nativeCandidate({ Stages }: Binding, set: InstructionSet): Candidate {
  return {
    build: set,
    async instantiate(): Promise<Instance> {
      const native = new Stages(set);
      // Like an array that grows in place, and from which files are read into the engine's memory.
      const memory = new WebAssembly.Memory({ initial: 1 });
      const { panelBytes, workspaceArrays, workspaceBlocks } = native;
      const geometry = { panelBytes, granularity: GRANULARITY, workspaceArrays, workspaceBlocks };
      return {
        ...{ build: set, exports: stageExports(native, memory), memory, geometry },
        useThreads: (count) => native.useThreads(count),
      };
    },
  };
}

const F32 = 0;
const F64 = 1;
const PAIRS = 2;

function stageExports(native: NativeStages, memory: WebAssembly.Memory): StageExports {
  let bytes = new Uint8Array(memory.buffer);
  /** The bytes move when the memory grows. */
  const at = (): Uint8Array => {
    if (bytes.buffer !== memory.buffer) bytes = new Uint8Array(memory.buffer);
    return bytes;
  };
  const stages = (precision: number): Stages => ({
    packRows: (kind, source, rowBytes, rows, depth, scale, _scratch, panels) =>
      native.packRows(at(), precision, kind, source, rowBytes, rows, depth, scale, panels),
    packColumns: (kind, source, columns, depth, scale, _scratch, panels) =>
      native.packColumns(at(), precision, kind, source, columns, depth, scale, panels),
    updateTileRow: (...tiles) => native.updateTileRow(at(), precision, ...tiles),
    largestDiagonal: (...triangle) => native.largestDiagonal(at(), precision, ...triangle),
    reducePanel: (...panel) => native.reducePanel(at(), precision, ...panel),
    chaseSweeps: (order, first, last, band) =>
      native.chaseSweeps(at(), precision, order, first, last, band),
    extractTridiagonal: (...band) => native.extractTridiagonal(at(), precision, ...band),
  });
  const pairs = stages(PAIRS);
  return {
    ...suffixed(stages(F32), 'F32'),
    ...suffixed(stages(F64), 'F64'),
    ...(native.hasPairs && {
      pairs: {
        packRowsPairs: pairs.packRows,
        packColumnsPairs: pairs.packColumns,
        updateTileRowPairs: pairs.updateTileRow,
      },
    }),
    largest: (...elements) => native.largest(at(), ...elements),
    squareOffDiagonal: (...diagonal) => native.squareOffDiagonal(at(), ...diagonal),
    solveTridiagonal: (...diagonals) => native.solveTridiagonal(at(), ...diagonals),
  };
}

function suffixed<Suffix extends string>(
  stages: Stages,
  suffix: Suffix,
): { [Name in keyof Stages as `${Name}${Suffix}`]: Stages[Name] } {
  const entries = Object.entries(stages).map(([name, stage]) => [name + suffix, stage]);
  return Object.fromEntries(entries);
}

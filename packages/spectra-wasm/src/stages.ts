/**
 * The stages as the engine calls them: the exports of the WebAssembly module (`assembly/index.ts`), or the
 * same functions in another form. Addresses and sizes are in bytes.
 */
import type { Geometry } from './layout.js';

/** The Gram product of packed rows. */
export interface ProductStages {
  packRows(
    kind: number,
    source: number,
    rowBytes: number,
    rows: number,
    depth: number,
    scale: number,
    scratch: number,
    panels: number,
  ): void;
  packColumns(
    kind: number,
    source: number,
    columns: number,
    depth: number,
    scale: number,
    scratch: number,
    panels: number,
  ): void;
  updateTileRow(
    row: number,
    first: number,
    last: number,
    depth: number,
    a: number,
    b: number,
    triangle: number,
  ): void;
}

/** The stages in one arithmetic. */
export interface Stages extends ProductStages {
  largestDiagonal(order: number, triangle: number): number;
  reducePanel(
    order: number,
    first: number,
    triangle: number,
    band: number,
    workspace: number,
  ): void;
  chaseSweeps(order: number, first: number, last: number, band: number, workspace: number): void;
  extractTridiagonal(order: number, band: number, diagonal: number, offDiagonal: number): void;
}

type Suffixed = {
  [Name in keyof Stages as `${Name}F32` | `${Name}F64`]: Stages[Name];
};

/** The product of bfloat16 as stored, in pairs, summed in float32: exact products, half the bytes. */
type InPairs = {
  [Name in keyof ProductStages as `${Name}Pairs`]: ProductStages[Name];
};

export interface StageExports extends Suffixed {
  /** Where the processor has them. They take no scale. */
  readonly pairs?: InPairs;
  largest(kind: number, source: number, count: number): number;
  squareOffDiagonal(order: number, offDiagonal: number): void;
  solveTridiagonal(
    order: number,
    first: number,
    last: number,
    diagonal: number,
    squares: number,
  ): number;
}

/** The stages together with the memory that they work in. */
export interface Instance {
  /** What decides the last digits: the build, or the instruction set. */
  readonly build: string;
  readonly exports: StageExports;
  readonly memory: WebAssembly.Memory;
  readonly geometry: Geometry;
  /** Has so many threads work together from now on, which changes no bit. Absent where there is one only. */
  useThreads?(count: number): void;
}

/** The stages of one arithmetic. */
export function stagesOf(exports: StageExports, precision: 'f32' | 'f64'): Stages {
  const f32 = precision === 'f32';
  return {
    packRows: f32 ? exports.packRowsF32 : exports.packRowsF64,
    packColumns: f32 ? exports.packColumnsF32 : exports.packColumnsF64,
    updateTileRow: f32 ? exports.updateTileRowF32 : exports.updateTileRowF64,
    largestDiagonal: f32 ? exports.largestDiagonalF32 : exports.largestDiagonalF64,
    reducePanel: f32 ? exports.reducePanelF32 : exports.reducePanelF64,
    chaseSweeps: f32 ? exports.chaseSweepsF32 : exports.chaseSweepsF64,
    extractTridiagonal: f32 ? exports.extractTridiagonalF32 : exports.extractTridiagonalF64,
  };
}

/** The exports of the WebAssembly module (`assembly/index.ts`), as JavaScript sees them. Addresses and sizes are in bytes. */

/** The stages in one arithmetic. */
export interface Stages {
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

export interface WasmExports extends Suffixed {
  largest(kind: number, source: number, count: number): number;
  squareOffDiagonal(order: number, offDiagonal: number): void;
  solveTridiagonal(
    order: number,
    first: number,
    last: number,
    diagonal: number,
    squares: number,
  ): number;
  useWideKernel(on: number): void;
}

/** A module together with the memory that it works in. */
export interface WasmInstance {
  readonly build: 'simd' | 'relaxed';
  readonly exports: WasmExports;
  readonly memory: WebAssembly.Memory;
}

/** The stages of one arithmetic. */
export function stagesOf(exports: WasmExports, precision: 'f32' | 'f64'): Stages {
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

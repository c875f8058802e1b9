/**
 * What JavaScript calls: each stage in float32 and in float64. The caller owns the memory (imported),
 * lays it out (`src/layout.ts`) and walks over blocks, panels and sweeps, so that it can report
 * progress and stop between any two of them.
 */
import { reducePanel } from './band';
import { chaseSweeps, extractTridiagonal } from './chase';
import { largestDiagonal, packColumns, packRows, updateTileRow } from './gram';

export { largest } from './decode';
export { useWideKernel } from './kernel';
export { solveTridiagonal, squareOffDiagonal } from './tridiagonal';

export function packRowsF32(kind: i32, source: usize, rowBytes: usize, rows: usize, depth: usize, scale: f64, scratch: usize, panels: usize): void {
  packRows<f32>(kind, source, rowBytes, rows, depth, scale, scratch, panels);
}
export function packRowsF64(kind: i32, source: usize, rowBytes: usize, rows: usize, depth: usize, scale: f64, scratch: usize, panels: usize): void {
  packRows<f64>(kind, source, rowBytes, rows, depth, scale, scratch, panels);
}
export function packColumnsF32(kind: i32, source: usize, columns: usize, depth: usize, scale: f64, scratch: usize, panels: usize): void {
  packColumns<f32>(kind, source, columns, depth, scale, scratch, panels);
}
export function packColumnsF64(kind: i32, source: usize, columns: usize, depth: usize, scale: f64, scratch: usize, panels: usize): void {
  packColumns<f64>(kind, source, columns, depth, scale, scratch, panels);
}
export function updateTileRowF32(row: usize, first: usize, last: usize, depth: usize, a: usize, b: usize, triangle: usize): void {
  updateTileRow<f32>(row, first, last, depth, a, b, triangle);
}
export function updateTileRowF64(row: usize, first: usize, last: usize, depth: usize, a: usize, b: usize, triangle: usize): void {
  updateTileRow<f64>(row, first, last, depth, a, b, triangle);
}
export function largestDiagonalF32(order: usize, triangle: usize): f64 {
  return largestDiagonal<f32>(order, triangle);
}
export function largestDiagonalF64(order: usize, triangle: usize): f64 {
  return largestDiagonal<f64>(order, triangle);
}
export function reducePanelF32(order: usize, first: usize, triangle: usize, band: usize, workspace: usize): void {
  reducePanel<f32>(order, first, triangle, band, workspace);
}
export function reducePanelF64(order: usize, first: usize, triangle: usize, band: usize, workspace: usize): void {
  reducePanel<f64>(order, first, triangle, band, workspace);
}
export function chaseSweepsF32(order: usize, first: usize, last: usize, band: usize, workspace: usize): void {
  chaseSweeps<f32>(order, first, last, band, workspace);
}
export function chaseSweepsF64(order: usize, first: usize, last: usize, band: usize, workspace: usize): void {
  chaseSweeps<f64>(order, first, last, band, workspace);
}
export function extractTridiagonalF32(order: usize, band: usize, diagonal: usize, offDiagonal: usize): void {
  extractTridiagonal<f32>(order, band, diagonal, offDiagonal);
}
export function extractTridiagonalF64(order: usize, band: usize, diagonal: usize, offDiagonal: usize): void {
  extractTridiagonal<f64>(order, band, diagonal, offDiagonal);
}

/**
 * Weights that are codes, each a small float or integer, times the scale of the block that it is in.
 *
 * `(code - zero point) * scale`, where there is a zero point. As in PyTorch, the product is taken in float32 and
 * rounded to the type of the weight: of codes of 8 bits and scales of F16 or BF16 it is exact before that, so
 * that it is what arithmetic in those types gives. What each code stands for is worked out once for a scale
 * where enough codes share it, or where there are few scales.
 */
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { Values } from '../../values/decoder.js';
import type { RoundedType } from '../../values/rounding.js';
import { elementCount } from '../../values/sizes.js';
import type { Decoding } from '../decoding.js';
import { bytesOf } from '../parts.js';
import { type CodeType, codeTypes } from './codes.js';
import type { Grid } from './grid.js';
import { multiplier } from './products.js';
import {
  allScales,
  isOfBytes,
  readScales,
  type ScaleLayout,
  type ScaleParts,
  scaleBytes,
} from './scales.js';

export interface ScaledLayout extends ScaleLayout {
  /** Of the weight. */
  readonly shape: readonly number[];
  readonly dtype: RoundedType;
  readonly codes: CodeType;
  readonly grid: Grid;
  /** What the products are multiplied by. */
  readonly factor?: number;
}

export interface ScaledParts extends ScaleParts {
  readonly codes: StoredTensor;
  /** Taken off the codes; one beside each scale. */
  readonly zero?: StoredTensor;
}

/** How often a code is used under a scale for it to pay to work out first what each code stands for. */
const LEAST_USE = 2;

export function scaledDecoding(parts: ScaledParts, layout: ScaledLayout): Decoding {
  const { codes, scale, zero } = parts;
  const { shape, dtype, grid, factor } = layout;
  const { bits, values, unpack } = codeTypes[layout.codes];
  const [rows, columns] = shape.slice(-2) as [number, number];
  const [gridRows, gridColumns] = grid.shape.slice(-2) as [number, number];
  const [blockRows, blockColumns] = grid.block;
  /** Successive matrices that share their scales. */
  const sharing = elementCount(shape.slice(0, -2)) / elementCount(grid.shape.slice(0, -2));
  /** Stored elements of a row of codes. */
  const width = elementCount(codes.shape) / (elementCount(shape) / columns);
  const levels = values.length;
  const multiply = multiplier(values, dtype, factor);
  const every = Uint8Array.from({ length: levels }, (_, code) => code);
  const hasFewScales = zero === undefined && isOfBytes(scale.dtype);
  /** What each code stands for under each scale. */
  let all: Float32Array | undefined;

  /** Where the scales of a row begin, counted over all matrices. */
  const scalesOf = (row: number): number => {
    const matrix = Math.floor(row / rows);
    const down = Math.floor(matrix / sharing) * gridRows + Math.floor((row % rows) / blockRows);
    return down * gridColumns;
  };
  /** The scales of the rows `[row, end)`: of some matrices all, where these share them. */
  const scalesFrom = (row: number, end: number): readonly [number, number] => {
    const [first, last] = [Math.floor(row / rows), Math.floor((end - 1) / rows)];
    return sharing === 1 || first === last
      ? [scalesOf(row), scalesOf(end - 1) + gridColumns]
      : [scalesOf(first * rows), scalesOf((last + 1) * rows - 1) + gridColumns];
  };

  return {
    shape,
    dtype,
    bits,
    unit: columns,
    async decode(target, start, signal) {
      const row = start / columns;
      const end = row + target.length / columns;
      const range = scalesFrom(row, end);
      const bytes = await bytesOf(codes, [row * width, end * width], signal);
      const decodeStripe = hasFewScales
        ? await byTable(range, signal)
        : await byScale(range, signal);
      const each = unpack(bytes, target.length);
      for (let at = row; at < end; ) {
        const inMatrix = at % rows;
        const count = Math.min(end - at, rows - inMatrix, blockRows - (inMatrix % blockRows));
        const [from, to] = [(at - row) * columns, (at - row + count) * columns];
        decodeStripe(each.subarray(from, to), target.subarray(from, to), scalesOf(at) - range[0]);
        at += count;
      }
    },
  };

  /** Decodes rows of one row of blocks, whose scales begin at `first` of those that were read. */
  type DecodeStripe = (codes: Uint8Array, target: Values, first: number) => void;
  type Range = readonly [number, number];

  async function byTable(range: Range, signal?: AbortSignal): Promise<DecodeStripe> {
    all ??= await tableOfAll(signal);
    const table = all;
    const which = await scaleBytes(parts, range, signal);
    return (its, target, first) => lookUp(its, target, table, which.subarray(first));
  }

  async function tableOfAll(signal?: AbortSignal): Promise<Float32Array> {
    const scales = await allScales(parts, layout, signal);
    const table = new Float32Array(scales.length * levels);
    tabulate(table, scales, 0, undefined);
    return table;
  }

  async function byScale(range: Range, signal?: AbortSignal): Promise<DecodeStripe> {
    const [scales, zeros] = await Promise.all([
      readScales(parts, layout, range, signal),
      zero?.read(...range, signal),
    ]);
    const isLarge = blockRows * blockColumns >= LEAST_USE * levels;
    const table = new Float32Array(isLarge ? gridColumns * levels : 0);
    const order = Uint32Array.from({ length: gridColumns }, (_, block) => block);
    return (its, target, first) => {
      const count = target.length / columns;
      if (count * blockColumns >= LEAST_USE * levels) {
        tabulate(table, scales, first, zeros);
        lookUp(its, target, table, order);
      } else multiplyBlocks(its, target, scales, first, zeros);
    };
  }

  /** Fills a table with what each code stands for under each of the scales from `first` on. */
  function tabulate(
    table: Float32Array<ArrayBuffer>,
    scales: ArrayLike<number>,
    first: number,
    zeros: ArrayLike<number> | undefined,
  ): void {
    for (let at = 0, i = first; at < table.length; at += levels, i++) {
      multiply(every, 0, levels, table, at, scales[i]!, zeros?.[i] ?? 0);
    }
  }

  /** @param which table the codes of each block are looked up in */
  function lookUp(
    its: Uint8Array,
    target: Values,
    table: Float32Array,
    which: Uint8Array | Uint32Array,
  ): void {
    for (let row = 0; row < target.length; row += columns) {
      const last = row + columns;
      for (let i = row, block = 0; i < last; block++) {
        const base = which[block]! * levels;
        const to = Math.min(last, i + blockColumns);
        // Four at a time: V8 does not unroll loops.
        for (const fours = to - 3; i < fours; i += 4) {
          target[i] = table[base + its[i]!]!;
          target[i + 1] = table[base + its[i + 1]!]!;
          target[i + 2] = table[base + its[i + 2]!]!;
          target[i + 3] = table[base + its[i + 3]!]!;
        }
        for (; i < to; i++) target[i] = table[base + its[i]!]!;
      }
    }
  }

  function multiplyBlocks(
    its: Uint8Array,
    target: Values,
    scales: ArrayLike<number>,
    first: number,
    zeros: ArrayLike<number> | undefined,
  ): void {
    for (let row = 0; row < target.length; row += columns) {
      const last = row + columns;
      for (let i = row, scale = first; i < last; i += blockColumns, scale++) {
        const to = Math.min(last, i + blockColumns);
        multiply(its, i, to, target, i, scales[scale]!, zeros?.[scale] ?? 0);
      }
    }
  }
}

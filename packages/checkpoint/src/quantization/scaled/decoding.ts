/**
 * Weights that are codes, each a small float or integer, times the scale of the block that it is in.
 *
 * `(code - zero point) * scale`, where there is a zero point. As in PyTorch, the product is taken in float32 and rounded to the type of the weight: of codes of 8 bits
 * and scales of F16 or BF16 it is exact before that, so that it is what arithmetic in those types gives.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { Values } from '../../values/decoder.js';
import { type RoundedType, round, roundings } from '../../values/rounding.js';
import { elementCount } from '../../values/sizes.js';
import type { Decoding } from '../decoding.js';
import { bytesOf } from '../parts.js';
import { type CodeType, codeTypes } from './codes.js';
import type { Grid } from './grid.js';

export interface ScaledLayout {
  /** Of the weight. */
  readonly shape: readonly number[];
  readonly dtype: RoundedType;
  readonly codes: CodeType;
  readonly grid: Grid;
  /** Whether bytes are the exponents of scales: 127 is 1. */
  readonly exponents?: true;
  /** What a number for all of the weight does to the scales. */
  readonly whole?: 'multiplies' | 'divides';
  /** What the products are multiplied by. */
  readonly factor?: number;
}

export interface ScaledParts {
  readonly codes: StoredTensor;
  readonly scale: StoredTensor;
  /** Taken off the codes; one beside each scale. */
  readonly zero?: StoredTensor;
  readonly whole?: StoredTensor;
  /** Of bitsandbytes: 0 where the codes lie in the order of the weight. */
  readonly order?: StoredTensor;
}

interface Scales {
  readonly scales: ArrayLike<number>;
  readonly zeros: ArrayLike<number> | undefined;
}

/** Columns of the smallest blocks for which it pays to work out first what each code stands for. */
const SMALLEST_TABLED = 16;

export function scaledDecoding(parts: ScaledParts, layout: ScaledLayout): Decoding {
  const { codes, zero } = parts;
  const { shape, dtype, grid, factor } = layout;
  const { bits, values, unpack } = codeTypes[layout.codes];
  const rounding = roundings[dtype];
  const [rows, columns] = shape.slice(-2) as [number, number];
  const [gridRows, gridColumns] = grid.shape.slice(-2) as [number, number];
  const [blockRows, blockColumns] = grid.block;
  const hasGridEach = grid.shape.slice(0, -2).some((length) => length > 1);
  /** Stored elements of a row of codes. */
  const width = elementCount(codes.shape) / (elementCount(shape) / columns);
  const levels = values.length;

  /** Where the scales of a row begin, counted over all matrices. */
  const scalesOf = (row: number): number => {
    const matrix = hasGridEach ? Math.floor(row / rows) : 0;
    return (matrix * gridRows + Math.floor((row % rows) / blockRows)) * gridColumns;
  };
  const scaled = (code: number, by: number, off: number): number => {
    const product = Math.fround((values[code]! - off) * by);
    return round(factor === undefined ? product : Math.fround(product * factor), rounding);
  };

  /** What each code stands for in each block of a row of blocks, and where that begins. */
  const hasTables = blockColumns >= SMALLEST_TABLED;
  const tables = new Float32Array(hasTables ? gridColumns * levels : 0);
  function tabulate({ scales, zeros }: Scales, from: number): void {
    for (let block = 0; block < gridColumns; block++) {
      const by = scales[from + block]!;
      const off = zeros?.[from + block] ?? 0;
      const at = block * levels;
      for (let code = 0; code < levels; code++) tables[at + code] = scaled(code, by, off);
    }
  }

  return {
    shape,
    dtype,
    bits,
    unit: columns,
    async decode(target, start, signal) {
      const row = start / columns;
      const end = row + target.length / columns;
      const isRun = hasGridEach || Math.floor(row / rows) === Math.floor((end - 1) / rows);
      const [first, last] = isRun
        ? [scalesOf(row), scalesOf(end - 1) + gridColumns]
        : [0, gridRows * gridColumns];
      const [bytes, scales, zeros] = await Promise.all([
        bytesOf(codes, [row * width, end * width], signal),
        readScales(parts, layout, [first, last], signal),
        zero?.read(first, last, signal),
      ]);
      const by = { scales, zeros };
      const each = unpack(bytes, target.length);
      for (let at = row; at < end; ) {
        const inMatrix = at % rows;
        const count = Math.min(end - at, rows - inMatrix, blockRows - (inMatrix % blockRows));
        const from = scalesOf(at) - first;
        const begin = (at - row) * columns;
        const part = target.subarray(begin, begin + count * columns);
        const its = each.subarray(begin, begin + count * columns);
        if (hasTables && count * blockColumns >= levels) {
          tabulate(by, from);
          lookUpBlocks(its, part);
        } else multiplyBlocks(its, part, by, from);
        at += count;
      }
    },
  };

  function lookUpBlocks(its: Uint8Array, target: Values): void {
    for (let row = 0; row < target.length; row += columns) {
      for (let block = 0, i = row; block < gridColumns; block++) {
        const to = Math.min(row + columns, i + blockColumns);
        const table = tables.subarray(block * levels, (block + 1) * levels);
        // Four at a time: V8 does not unroll loops.
        for (const fours = to - 3; i < fours; i += 4) {
          target[i] = table[its[i]!]!;
          target[i + 1] = table[its[i + 1]!]!;
          target[i + 2] = table[its[i + 2]!]!;
          target[i + 3] = table[its[i + 3]!]!;
        }
        for (; i < to; i++) target[i] = table[its[i]!]!;
      }
    }
  }

  function multiplyBlocks(
    its: Uint8Array,
    target: Values,
    { scales, zeros }: Scales,
    from: number,
  ): void {
    for (let row = 0; row < target.length; row += columns) {
      for (let block = 0, i = row; block < gridColumns; block++) {
        const to = Math.min(row + columns, i + blockColumns);
        const by = scales[from + block]!;
        const off = zeros?.[from + block] ?? 0;
        for (; i < to; i++) target[i] = scaled(its[i]!, by, off);
      }
    }
  }
}

/** The scales `[start, end)`, in float32. */
async function readScales(
  { scale, whole, order }: ScaledParts,
  layout: ScaledLayout,
  [start, end]: readonly [number, number],
  signal: AbortSignal | undefined,
): Promise<ArrayLike<number>> {
  const [scales, one, tiles] = await Promise.all([
    scale.read(start, end, signal),
    whole?.read(0, 1, signal),
    order?.read(0, 1, signal),
  ]);
  if (tiles && tiles[0] !== 0) {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `${order!.name}: its codes lie in the tiles of a GPU's kernel (${tiles[0]}); save the model again with bitsandbytes 0.45 or later`,
      { details: { tensor: order!.name } },
    );
  }
  if (layout.exponents) return Float32Array.from(scales, (exponent) => 2 ** (exponent - 127));
  const by = one?.[0];
  if (by === undefined) return scales;
  return layout.whole === 'divides'
    ? Float32Array.from(scales, (value) => value / by)
    : Float32Array.from(scales, (value) => value * by);
}

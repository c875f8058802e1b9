/** The scales of a weight as its program computes them, in float32. */
import { AlphaLoraError } from '@alphalora/contracts';
import { type DType, elementTypes, type StoredTensor } from '@alphalora/contracts/weights';
import { decodeValues } from '../../values/decode.js';
import { bytesOf } from '../parts.js';

export interface ScaleParts {
  readonly scale: StoredTensor;
  /** A number for all of the weight. */
  readonly whole?: StoredTensor;
  /** Of bitsandbytes: 0 where the codes lie in the order of the weight. */
  readonly order?: StoredTensor;
}

export interface ScaleLayout {
  /** Whether bytes are the exponents of scales: 127 is 1. */
  readonly exponents?: true;
  /** What the number for all of the weight does to the scales. */
  readonly whole?: 'multiplies' | 'divides';
}

type Numbers = ArrayLike<number>;

/** Whether scales are stored as bytes, so that there are but 256 of them. */
export function isOfBytes(dtype: DType): boolean {
  return elementTypes[dtype].bytes === 1 && elementTypes[dtype].elements === 1;
}

/** The scales of the elements `[start, end)`. */
export async function readScales(
  parts: ScaleParts,
  layout: ScaleLayout,
  [start, end]: readonly [number, number],
  signal: AbortSignal | undefined,
): Promise<Numbers> {
  const [scales] = await Promise.all([
    parts.scale.read(start, end, signal),
    requireOrder(parts, signal),
  ]);
  return adjusted(scales, parts, layout, signal);
}

/** The scale of each byte, of {@link isOfBytes}. */
export function allScales(
  parts: ScaleParts,
  layout: ScaleLayout,
  signal: AbortSignal | undefined,
): Promise<Numbers> {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  return adjusted(decodeValues(bytes, parts.scale.dtype), parts, layout, signal);
}

/** The stored bytes of scales. */
export function scaleBytes(
  { scale }: ScaleParts,
  range: readonly [number, number],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return bytesOf(scale, range, signal);
}

async function adjusted(
  scales: Numbers,
  { whole }: ScaleParts,
  { exponents, ...layout }: ScaleLayout,
  signal: AbortSignal | undefined,
): Promise<Numbers> {
  if (exponents) return Float32Array.from(scales, (exponent) => 2 ** (exponent - 127));
  const by = (await whole?.read(0, 1, signal))?.[0];
  if (by === undefined) return scales;
  return layout.whole === 'divides'
    ? Float32Array.from(scales, (scale) => scale / by)
    : Float32Array.from(scales, (scale) => scale * by);
}

/** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for codes that lie otherwise than those of the weight */
async function requireOrder({ order }: ScaleParts, signal: AbortSignal | undefined): Promise<void> {
  const [tiles] = (await order?.read(0, 1, signal)) ?? [0];
  if (tiles === 0) return;
  throw new AlphaLoraError(
    'UNSUPPORTED_CHECKPOINT',
    `${order!.name}: its codes lie in the tiles of a GPU's kernel (${tiles}); save the model again with bitsandbytes 0.45 or later`,
    { details: { tensor: order!.name } },
  );
}

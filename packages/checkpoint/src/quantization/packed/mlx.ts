/**
 * Weights of MLX (`dequantize` of mlx.core, `nn.QuantizedLinear`).
 *
 *     weight    U32 [..., out, in * bits / 32]   codes, the first one in the lowest bits
 *     scales    [..., out, in / group size]
 *     biases    likewise
 *
 * The mode `affine` computes `codes * scales + biases`, two operations in the type of the scales. The modes
 * `mxfp4`, `mxfp8` and `nvfp4` have scales in U8 and no biases: codes are floats of four or eight bits, scales
 * powers of two (E8M0) or floats of eight bits (E4M3); values are BF16.
 */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import { isObject } from '../../json.js';
import type { FileTensor } from '../../tensors/file-tensor.js';
import { type RoundedType, round, roundings } from '../../values/rounding.js';
import { valuesOf } from '../../values/small-floats.js';
import type { Decoding } from '../decoding.js';
import { misfit } from '../misfit.js';
import { bytesOf } from '../parts.js';
import {
  type FoundWeight,
  moduleAndParameter,
  type Scheme,
  type StoredModel,
  type UnreadableWeight,
} from '../scheme.js';
import { decodePacked, type GroupDecoder } from './groups.js';
import { E2M1, E8M0 } from './microscaling.js';
import { groupsInWords, hasFloats, hasShape, siblingsOf } from './shapes.js';

export interface MlxLayout {
  readonly shape: readonly number[];
  readonly bits: number;
  readonly groupSize: number;
  readonly mode: 'affine' | 'mxfp4' | 'mxfp8' | 'nvfp4';
}

export interface MlxParts {
  readonly weight: StoredTensor;
  readonly scales: StoredTensor;
  readonly biases?: StoredTensor;
}

function mlxDecoding({ weight, scales, biases }: MlxParts, layout: MlxLayout): Decoding {
  const { shape, bits, groupSize, mode } = layout;
  const columns = shape.at(-1)!;
  const groups = columns / groupSize;
  const words = (columns * bits) / 32;
  const dtype = mode === 'affine' ? (scales.dtype as RoundedType) : 'BF16';
  const rounding = roundings[dtype];
  const elements = mode === 'mxfp8' ? valuesOf('F8_E4M3') : E2M1;
  const powers = mode === 'nvfp4' ? valuesOf('F8_E4M3') : E8M0;

  /** What codes stand for in the groups of the rows `[from, to)`. */
  async function meaning(from: number, to: number, signal?: AbortSignal): Promise<GroupDecoder> {
    const range = [from * groups, to * groups] as const;
    if (mode !== 'affine') {
      const exponents = await bytesOf(scales, range, signal);
      return (codes, first, end, group, target, at) => {
        const scale = powers[exponents[group]!]!;
        for (let i = first; i < end; i++) {
          target[at + i - first] = round(elements[codes[i]!]! * scale, rounding);
        }
      };
    }
    const [factors, summands] = await Promise.all([
      scales.read(...range, signal),
      biases!.read(...range, signal),
    ]);
    return (codes, first, end, group, target, at) => {
      const [factor, summand] = [factors[group]!, summands[group]!];
      for (let i = first; i < end; i++) {
        target[at + i - first] = round(round(codes[i]! * factor, rounding) + summand, rounding);
      }
    };
  }

  return {
    shape,
    dtype,
    bits,
    unit: columns,
    async decode(target, start, signal) {
      const row = start / columns;
      const end = row + target.length / columns;
      const [bytes, decode] = await Promise.all([
        bytesOf(weight, [row * words, end * words], signal),
        meaning(row, end, signal),
      ]);
      // Groups are whole words, so rows are one stream.
      decodePacked({ bytes, bits }, target, { size: groupSize, decode });
    },
  };
}

export const mlx: Scheme<MlxParts, MlxLayout> = {
  name: 'mlx',
  codes: /^weight$/,
  find,
  decoding: mlxDecoding,
};

type Sizes = Omit<MlxLayout, 'shape'>;

/** What `nn.quantize` makes of layers, its default first. */
const sizes: readonly Sizes[] = [
  { bits: 4, groupSize: 64, mode: 'affine' },
  ...[4, 8, 6, 5, 3, 2].flatMap((bits) =>
    [64, 32, 128].map((groupSize): Sizes => ({ bits, groupSize, mode: 'affine' })),
  ),
  { bits: 4, groupSize: 32, mode: 'mxfp4' },
  { bits: 8, groupSize: 32, mode: 'mxfp8' },
  { bits: 4, groupSize: 16, mode: 'nvfp4' },
];

function find(
  weight: FileTensor,
  model: StoredModel,
): FoundWeight<MlxParts, MlxLayout> | UnreadableWeight | undefined {
  const sibling = siblingsOf(weight, model);
  const [scales, biases] = [sibling('scales'), sibling('biases')];
  if (weight.dtype !== 'U32' || !scales || weight.shape.length < 2) return undefined;
  const isAffine = hasFloats(scales) && biases !== undefined;
  if (!isAffine && scales.dtype !== 'U8') return undefined;
  const parts = { weight, scales, ...defined({ biases }) };
  const unread = { name: weight.name, quantization: 'MLX', parts };
  const outer = weight.shape.slice(0, -1);
  const groups = scales.shape.at(-1)!;
  if (!hasShape(scales, ...outer, groups)) return misfit(weight, unread, scales);
  if (isAffine && (biases.dtype !== scales.dtype || !hasShape(biases, ...scales.shape))) {
    return misfit(weight, unread, biases);
  }
  const bits = weight.shape.at(-1)! * 32;
  const fitting = sizes.filter(
    (each) => (each.mode === 'affine') === isAffine && bits === groups * each.groupSize * each.bits,
  );
  const said = saidOf(weight.name, model);
  const layout =
    fitting.find(
      (each) =>
        each.bits === said['bits'] &&
        each.groupSize === said['group_size'] &&
        each.mode === (said['mode'] ?? 'affine'),
    ) ?? fitting[0];
  if (!layout || groups === 0) return misfit(weight, unread, scales);
  const { groupSize, mode } = layout;
  const inputs = groups * groupSize;
  return {
    ...unread,
    quantization:
      mode === 'affine'
        ? `MLX ${layout.bits} bits, ${groupsInWords(groupSize, inputs)}`
        : `MLX ${mode.toUpperCase()}`,
    layout: { ...layout, shape: [...outer, inputs] },
  };
}

/** What the configuration says of a module, or of all. */
function saidOf(
  name: string,
  { config, settings }: StoredModel,
): Readonly<Record<string, unknown>> {
  const all = isObject(config['quantization']) ? config['quantization'] : settings;
  const own = all[moduleAndParameter(name)[0]];
  return isObject(own) ? { ...all, ...own } : all;
}

/** GGUF files for tests, written by the letter of docs/gguf.md of ggml-org/ggml. */

/** Types of metadata, by their numbers there. */
const numbers = { u8: 0, i32: 5, u32: 4, f32: 6, bool: 7, text: 8, list: 9, u64: 10 } as const;

export type Value =
  | readonly ['u8' | 'i32' | 'u32' | 'f32' | 'u64', number]
  | readonly ['bool', boolean]
  | readonly ['text', string]
  | readonly ['list', keyof typeof numbers, readonly unknown[]];

export interface GgufTensor {
  readonly name: string;
  /** As numpy has it: the last axis lies side by side. */
  readonly shape: readonly number[];
  /** @default 0: F32 */
  readonly type?: number;
  readonly bytes: Uint8Array;
}

export interface GgufParts {
  readonly metadata?: Readonly<Record<string, Value>>;
  readonly tensors?: readonly GgufTensor[];
  readonly version?: number;
  readonly alignment?: number;
}

/** A tensor, but for its bytes. */
export type GgufPlace = Omit<GgufTensor, 'bytes'> & { readonly byteLength: number };

export function ggufFile(parts: GgufParts): Uint8Array<ArrayBuffer> {
  const { tensors = [] } = parts;
  const places = tensors.map(({ bytes, ...each }) => ({ ...each, byteLength: bytes.length }));
  const { header, byteLength, starts } = ggufHeader({ ...parts, tensors: places });
  const file = new Uint8Array(byteLength);
  file.set(header);
  for (const [i, { bytes }] of tensors.entries()) file.set(bytes, starts[i]!);
  return file;
}

/** The header of a file, where its tensors start, and the length of all. */
export function ggufHeader({
  metadata = {},
  tensors = [],
  version = 3,
  alignment = 32,
}: Omit<GgufParts, 'tensors'> & { tensors?: readonly GgufPlace[] }): {
  header: Uint8Array<ArrayBuffer>;
  starts: readonly number[];
  byteLength: number;
} {
  const bytes: number[] = [];
  const put = (view: (view: DataView) => void, length: number): void => {
    const buffer = new Uint8Array(length);
    view(new DataView(buffer.buffer));
    bytes.push(...buffer);
  };
  const u32 = (value: number): void => put((view) => view.setUint32(0, value, true), 4);
  const u64 = (value: number): void => put((view) => view.setBigUint64(0, BigInt(value), true), 8);
  const text = (value: string): void => {
    const utf8 = new TextEncoder().encode(value);
    u64(utf8.length);
    for (const byte of utf8) bytes.push(byte);
  };
  const write = (type: string, value: unknown): void => {
    if (type === 'text') text(value as string);
    else if (type === 'u64') u64(value as number);
    else if (type === 'u8' || type === 'bool') bytes.push(Number(value));
    else if (type === 'f32') put((view) => view.setFloat32(0, value as number, true), 4);
    else u32((value as number) >>> 0);
  };
  bytes.push(...new TextEncoder().encode('GGUF'));
  u32(version);
  u64(tensors.length);
  u64(Object.keys(metadata).length);
  for (const [key, value] of Object.entries(metadata)) {
    text(key);
    u32(numbers[value[0]]);
    if (value[0] !== 'list') write(value[0], value[1]);
    else {
      u32(numbers[value[1]]);
      u64(value[2].length);
      for (const each of value[2]) write(value[1], each);
    }
  }
  const aligned = (length: number): number => Math.ceil(length / alignment) * alignment;
  const offsets: number[] = [];
  let offset = 0;
  for (const { name, shape, type = 0, byteLength } of tensors) {
    text(name);
    u32(shape.length);
    for (const length of shape.toReversed()) u64(length);
    u32(type);
    u64(offset);
    offsets.push(offset);
    offset += aligned(byteLength);
  }
  const start = aligned(bytes.length);
  return {
    header: Uint8Array.from(bytes),
    starts: offsets.map((each) => start + each),
    byteLength: start + offset,
  };
}

/** A tensor of float32. */
export function floats(
  name: string,
  shape: readonly number[],
  values: ArrayLike<number> = Float32Array.from(
    { length: shape.reduce((a, b) => a * b, 1) },
    (_, i) => i,
  ),
): GgufTensor {
  return { name, shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** Two heads of four rows for queries, one for keys. */
export const llamaSettings: Readonly<Record<string, Value>> = {
  'general.architecture': ['text', 'llama'],
  'llama.block_count': ['u32', 1],
  'llama.embedding_length': ['u32', 4],
  'llama.feed_forward_length': ['u32', 8],
  'llama.context_length': ['u32', 64],
  'llama.attention.head_count': ['u32', 2],
  'llama.attention.head_count_kv': ['u32', 1],
  'llama.attention.layer_norm_rms_epsilon': ['f32', 1e-5],
  'llama.rope.freq_base': ['f32', 10_000],
};

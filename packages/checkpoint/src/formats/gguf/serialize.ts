/**
 * Writing GGUF files (docs/gguf.md of ggml-org/ggml), version 3: one sequence of bytes for one content, in the
 * order that it comes in.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TensorData } from '../safetensors/serialize.js';
import { numberOf } from './types.js';

/** A value of the metadata, with its type there. */
export type MetadataEntry =
  | readonly [key: string, type: 'text', value: string]
  | readonly [key: string, type: 'u32' | 'f32', value: number];

const typeNumbers = { u32: 4, f32: 6, text: 8 } as const;
const VERSION = 3;
/** What readers take where the metadata do not say it. */
const ALIGNMENT = 32;
/** Names may be no longer for ggml (`GGML_MAX_NAME`), the zero at their end included. */
const LONGEST_NAME = 63;

/**
 * @param tensors shapes as numpy has them: the last axis lies side by side
 * @returns the file in pieces: its header, then each tensor's `bytes` and what fills them up
 * @throws AlphaLoraError `INVALID_OPTION` when a name is longer than ggml takes, or a type is none of its
 */
export function serializeGguf({
  metadata,
  tensors,
}: {
  metadata: readonly MetadataEntry[];
  tensors: readonly TensorData[];
}): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const number = (bytes: number, put: (view: DataView) => void): void => {
    const piece = new Uint8Array(bytes);
    put(new DataView(piece.buffer));
    pieces.push(piece);
  };
  const u32 = (value: number): void => number(4, (view) => view.setUint32(0, value, true));
  const u64 = (value: number): void =>
    number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  const text = (value: string): void => {
    const bytes = new TextEncoder().encode(value);
    u64(bytes.length);
    pieces.push(bytes);
  };
  pieces.push(new TextEncoder().encode('GGUF'));
  u32(VERSION);
  u64(tensors.length);
  u64(metadata.length);
  for (const [key, type, value] of metadata) {
    text(key);
    u32(typeNumbers[type]);
    if (type === 'text') text(value);
    else if (type === 'u32') u32(value);
    else number(4, (view) => view.setFloat32(0, value, true));
  }
  let offset = 0;
  for (const { name, shape, dtype, bytes } of tensors) {
    if (new TextEncoder().encode(name).length > LONGEST_NAME) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `cannot write tensor ${JSON.stringify(name)}: names of GGUF have up to ${LONGEST_NAME} bytes`,
        { details: { tensor: name } },
      );
    }
    text(name);
    u32(shape.length);
    for (const length of shape.toReversed()) u64(length);
    u32(numberOf(dtype));
    u64(offset);
    offset += bytes.length + padding(bytes.length);
  }
  const header = joined(pieces);
  return [
    header,
    ...tensors.flatMap(({ bytes }) => [bytes, new Uint8Array(padding(bytes.length))]),
  ];
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const whole = new Uint8Array(length + padding(length));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function padding(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT - length;
}

/**
 * The little of the protocol buffers' wire format that TensorBoard's events need
 * (protobuf.dev/programming-guides/encoding): a message is its fields one after the other, each a tag
 * `number << 3 | type` and a value; messages inside are bytes with their length before them.
 */

/** Base 128, least significant group first, for numbers from 0 to 2^53 - 1. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.of(...bytes, rest);
}

function fixed(size: 4 | 8, value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 4) view.setFloat32(0, value, true);
  else view.setFloat64(0, value, true);
  return new Uint8Array(view.buffer);
}

const tag = (field: number, type: 0 | 1 | 2 | 5): Uint8Array => varint(field * 8 + type);

/** In one array. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Fields of a message by their numbers. */
interface Fields {
  integer(number: number, value: number): Uint8Array;
  double(number: number, value: number): Uint8Array;
  float(number: number, value: number): Uint8Array;
  bytes(number: number, value: Uint8Array): Uint8Array;
  text(number: number, value: string): Uint8Array;
  message(number: number, ...fields: Uint8Array[]): Uint8Array;
}

export const field: Fields = {
  integer: (number, value) => joined(tag(number, 0), varint(value)),
  double: (number, value) => joined(tag(number, 1), fixed(8, value)),
  float: (number, value) => joined(tag(number, 5), fixed(4, value)),
  bytes: (number, value) => joined(tag(number, 2), varint(value.length), value),
  text: (number, value) => field.bytes(number, new TextEncoder().encode(value)),
  message: (number, ...fields) => field.bytes(number, joined(...fields)),
};

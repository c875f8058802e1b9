/** Safetensors files made by hand, byte by byte, so that they can break any rule. */

/**
 * @param header its text, or a value to be written as JSON
 * @param data the bytes after the header, or how many zeros
 * @param claimed the header length to write, where it is not the true one
 */
export function fileBytes(
  header: unknown,
  data: number | Uint8Array,
  claimed?: bigint,
): Uint8Array<ArrayBuffer> {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const dataBytes = typeof data === 'number' ? new Uint8Array(data) : data;
  const bytes = new Uint8Array(8 + json.byteLength + dataBytes.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.byteLength), true);
  bytes.set(json, 8);
  bytes.set(dataBytes, 8 + json.byteLength);
  return bytes;
}

/** A header entry of an F32 tensor. */
export function f32(shape: readonly number[], from: number, to: number): object {
  return { dtype: 'F32', shape, data_offsets: [from, to] };
}

/** The pieces of a file joined. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let position = 0;
  for (const piece of pieces) {
    bytes.set(piece, position);
    position += piece.byteLength;
  }
  return bytes;
}

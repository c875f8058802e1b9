/**
 * A record of a TFRecord file (tensorflow/core/lib/io/record_writer.h):
 *
 *     uint64 length, uint32 masked crc of the length, bytes, uint32 masked crc of the bytes
 *
 * little-endian, where the crc is CRC-32C (Castagnoli, RFC 3720 appendix B.4), rotated right by 15 bits
 * and moved by a constant, since sums of bytes that hold sums themselves are bad ones.
 */
import { joined } from './protobuf.js';

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C of the bytes, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function masked(bytes: Uint8Array): Uint8Array {
  const crc = crc32c(bytes);
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, ((crc >>> 15) | (crc << 17)) + 0xa282ead8, true);
  return new Uint8Array(view.buffer);
}

export function record(bytes: Uint8Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(bytes.length), true);
  const length = new Uint8Array(view.buffer);
  return joined(length, masked(length), bytes, masked(bytes));
}

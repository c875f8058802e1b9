/** One array of float64 as a file of numpy: format 1.0 of `numpy.lib.format`. */
import { endianness } from 'node:os';

/** What comes before the length of the header: the magic string, and the version. */
const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
/** The data begin at a multiple of this. */
const ALIGNMENT = 64;

/** @returns the bytes that `numpy.load` reads as a vector of the same values */
export function npyOf(values: Float64Array): Uint8Array {
  const order = endianness() === 'LE' ? '<' : '>';
  const text = `{'descr': '${order}f8', 'fortran_order': False, 'shape': (${values.length},), }`;
  const start = MAGIC.length + 2;
  const length = Math.ceil((start + text.length + 1) / ALIGNMENT) * ALIGNMENT - start;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(length);
  const header = Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1');
  const data = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([MAGIC, size, header, data]);
}

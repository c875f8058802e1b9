/** Arrays as files of numpy (numpy.lib.format, version 1.0). */

/**
 * @param values row-major
 * @param shape whose product is their number
 * @returns a `.npy` of float32, little-endian
 */
export function numpyArray(values: Float32Array, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  const prefix = 10;
  // Data begins at a multiple of 64 bytes, and a line end comes before it.
  const start = Math.ceil((prefix + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(start + 4 * values.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  view.setUint16(8, start - prefix, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(start - prefix - 1)}\n`), prefix);
  for (const [i, value] of values.entries()) view.setFloat32(start + 4 * i, value, true);
  return bytes;
}

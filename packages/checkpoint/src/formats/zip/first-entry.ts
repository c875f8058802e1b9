/** The name of the first entry of a zip archive, which tells who wrote it. */

/** @param head the first bytes of a file. @returns '' for what is no archive, or an empty one */
export function firstEntry(head: Uint8Array): string {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.byteLength < 30 || view.getUint32(0, true) !== 0x04034b50) return '';
  return String.fromCharCode(...head.subarray(30, 30 + view.getUint16(26, true)));
}

/** Zip archives made by hand (APPNOTE 4.3), so that they can break any rule. */
import { deflateRawSync } from 'node:zlib';
import { joined } from './files.js';

export interface ZipEntry {
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  /** What is said of the entry, where it is not so. */
  readonly claims?: { readonly size?: number; readonly method?: number; readonly flags?: number };
}

const utf8 = new TextEncoder();

function record(
  bytes: number,
  ...fields: ReadonlyArray<readonly [at: number, bytes: 2 | 4, value: number]>
) {
  const view = new DataView(new ArrayBuffer(bytes));
  for (const [at, size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return new Uint8Array(view.buffer);
}

export function zipBytes(
  entries: Readonly<Record<string, ZipEntry | Uint8Array>>,
): Uint8Array<ArrayBuffer> {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, given] of Object.entries(entries)) {
    const {
      content,
      deflate = false,
      claims,
    }: ZipEntry = given instanceof Uint8Array ? { content: given } : given;
    const stored = deflate ? new Uint8Array(deflateRawSync(content)) : content;
    const text = utf8.encode(name);
    const method = claims?.method ?? (deflate ? 8 : 0);
    const size = claims?.size ?? content.byteLength;
    const common = (from: number) =>
      [
        [from, 2, 20],
        [from + 2, 2, claims?.flags ?? 0],
        [from + 4, 2, method],
        [from + 14, 4, stored.byteLength],
        [from + 18, 4, size],
        [from + 22, 2, text.byteLength],
      ] as const;
    files.push(record(30, [0, 4, 0x04034b50], ...common(4)), text, stored);
    directory.push(record(46, [0, 4, 0x02014b50], ...common(6), [42, 4, at]), text);
    at += 30 + text.byteLength + stored.byteLength;
  }
  const length = directory.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const count = Object.keys(entries).length;
  const end = record(
    22,
    [0, 4, 0x06054b50],
    [8, 2, count],
    [10, 2, count],
    [12, 4, length],
    [16, 4, at],
  );
  return joined([...files, ...directory, end]);
}

/** Pickles and files of PyTorch made by hand, so that they can break any rule. */
import { joined } from './files.js';
import { zipBytes } from './zip.js';

/** Instructions, as characters: each is a byte. */
export type Code = string;

export const bytesOf = (code: Code): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(code, (character) => character.charCodeAt(0));

/** A number of 32 bits. */
export const uint32 = (value: number): Code =>
  String.fromCharCode(...new Uint8Array(Uint32Array.of(value).buffer));

export const pickle = (code: Code): Uint8Array<ArrayBuffer> => bytesOf(`\x80\x02${code}.`);
export const text = (value: string): Code => `X${uint32(value.length)}${value}`;
export const int = (value: number): Code => `J${uint32(value)}`;
export const tuple = (...items: Code[]): Code => `(${items.join('')}t`;
export const list = (...items: Code[]): Code => `](${items.join('')}e`;
export const dict = (items: Readonly<Record<string, Code>>): Code =>
  `}(${Object.entries(items)
    .map(([key, value]) => text(key) + value)
    .join('')}u`;
export const named = (module: string, name: string): Code => `c${module}\n${name}\n`;
export const call = (module: string, name: string, ...args: Code[]): Code =>
  `${named(module, name)}${tuple(...args)}R`;

interface TensorOptions {
  readonly key?: string;
  readonly type?: string;
  /** Elements of the storage. */
  readonly stored?: number;
  readonly offset?: number;
  readonly strides?: readonly number[];
}

/** A tensor as `_rebuild_tensor_v2` makes it; of float32 in storage 0, contiguous, unless said otherwise. */
export function tensor(
  shape: readonly number[],
  { key = '0', type = 'FloatStorage', stored, offset = 0, strides }: TensorOptions = {},
): Code {
  const count = (lengths: readonly number[]): number => lengths.reduce((a, b) => a * b, 1);
  const storage = tuple(
    text('storage'),
    named('torch', type),
    text(key),
    text('cpu'),
    int(stored ?? count(shape)),
  );
  return call(
    'torch._utils',
    '_rebuild_tensor_v2',
    `${storage}Q`,
    int(offset),
    tuple(...shape.map(int)),
    tuple(...(strides ?? shape.map((_, axis) => count(shape.slice(axis + 1)))).map(int)),
    '\x89',
    call('collections', 'OrderedDict'),
  );
}

/** A file of torch.save since 1.6. @param root the object that is pickled */
export function torchArchive(
  root: Code,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array<ArrayBuffer> {
  const data = Object.entries(storages).map(([key, bytes]) => [`a/data/${key}`, bytes] as const);
  return zipBytes({ 'a/data.pkl': pickle(root), ...Object.fromEntries(data) });
}

/** A file of torch.save before 1.6. */
export function torchLegacy(
  root: Code,
  storages: Readonly<Record<string, readonly [elements: number, bytes: Uint8Array]>> = {},
): Uint8Array<ArrayBuffer> {
  const parts = Object.values(storages).flatMap(([elements, bytes]) => [
    new Uint8Array(BigUint64Array.of(BigInt(elements)).buffer),
    bytes,
  ]);
  return joined([
    pickle('\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19'),
    pickle('M\xe9\x03'),
    pickle(`}${text('little_endian')}\x88s`),
    pickle(root),
    pickle(list(...Object.keys(storages).map(text))),
    ...parts,
  ]);
}

/**
 * An array as `numpy.save` writes it (numpy/lib/format.py, versions 1 to 3): letters, a version, and a
 * dictionary in Python's notation that says type, order and shape; then the elements.
 */
import type { ByteSource, DType, StoredTensor } from '@alphalora/contracts/weights';
import { downloadAgain, invalid, quoted, unsupported } from '../../errors.js';
import { storedTensor } from '../../tensors/stored.js';
import { isOneRun, stridedTensor } from '../../tensors/strided.js';
import { elementCount, storedBytes } from '../../values/sizes.js';
import { parseHeader } from './header.js';

const MAGIC = '\x93NUMPY';
/** What headers have, in all but odd cases: they are padded to a multiple of 64 bytes. */
const COMMON_HEADER = 128;
/** Of plain types, headers are far shorter. */
const MAX_HEADER = 1 << 16;
const MAX_DIMENSIONS = 64;

/** Types by what numpy calls them, but for the order of bytes. */
const types: ReadonlyMap<string, DType> = new Map<string, DType>([
  ...([
    ['f8', 'F64'],
    ['f4', 'F32'],
    ['f2', 'F16'],
  ] as const),
  ...([
    ['i8', 'I64'],
    ['i4', 'I32'],
    ['i2', 'I16'],
    ['i1', 'I8'],
  ] as const),
  ...([
    ['u8', 'U64'],
    ['u4', 'U32'],
    ['u2', 'U16'],
    ['u1', 'U8'],
    ['b1', 'BOOL'],
  ] as const),
]);

/**
 * Reads the header of an array.
 *
 * @param source all of it, and nothing else
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is damaged, `UNSUPPORTED_CHECKPOINT` for types
 *   that are not read
 */
export async function readArray(
  source: ByteSource,
  name: string,
  signal?: AbortSignal,
): Promise<StoredTensor> {
  const { name: file, byteLength } = source;
  const place = { file, tensor: name };
  const damaged = (what: string): Error => invalid(`${what}; ${downloadAgain}`, place);
  let head = await source.read(0, Math.min(COMMON_HEADER, byteLength), signal);
  if (String.fromCharCode(...head.subarray(0, 6)) !== MAGIC || head.byteLength < 12) {
    throw damaged('not an array of numpy');
  }
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const version = head[6]!;
  if (version < 1 || version > 3) throw damaged(`it has version ${version}, not 1 to 3`);
  const [at, length] =
    version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const start = at + length;
  if (length > MAX_HEADER) throw damaged(`its header has ${length} bytes`);
  if (start > byteLength) throw damaged('it ends within its header');
  if (start > head.byteLength) head = await source.read(0, start, signal);
  const header = parseHeader(new TextDecoder().decode(head.subarray(at, start)));
  if (!header) throw damaged('its header is not the one of an array');
  const { descr, fortranOrder, shape } = header;
  const dtype = typeOf(descr, place);
  if (shape.length > MAX_DIMENSIONS) throw damaged(`it has ${shape.length} dimensions`);
  const count = elementCount(shape);
  const end = start + storedBytes(dtype, count);
  if (end !== byteLength) {
    throw damaged(
      `shape [${shape}] of ${dtype} takes ${end - start} bytes, and ${byteLength - start} follow its header`,
    );
  }
  // In Fortran's order, the first axis is that of neighbours.
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  if (!fortranOrder || isOneRun({ shape, strides })) {
    return storedTensor(source, { name, dtype, shape, start, end });
  }
  const all = storedTensor(source, { name, dtype, shape: [count], start, end });
  return stridedTensor(all, { name, shape, strides, offset: 0, file });
}

/** @param descr such as `<f4`: order of bytes, kind and size */
function typeOf(descr: string | undefined, place: { file: string; tensor: string }): DType {
  const kind = descr?.slice(1) ?? '';
  const dtype = types.get(kind);
  if (descr === undefined || !dtype) {
    const what = descr === undefined ? 'records' : `type ${quoted(descr)}`;
    throw unsupported(
      `an array of ${what} cannot be read; save it as float16, float32 or float64`,
      place,
    );
  }
  if (descr.startsWith('>')) {
    throw unsupported(
      `its numbers are big-endian (${quoted(descr)}); save it as ${quoted(`<${kind}`)}`,
      place,
    );
  }
  return dtype;
}

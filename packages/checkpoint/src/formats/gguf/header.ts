/**
 * The header of a GGUF file (docs/gguf.md of ggml-org/ggml), versions 2 and 3: four letters, a version,
 * two counts, the metadata, the table of tensors; after padding, the tensors' bytes, each aligned.
 *
 * Whatever the header says is checked against the size of the file before it is believed; no tensor's
 * bytes are touched.
 */
import { type ByteSource, elementTypes } from '@alphalora/contracts/weights';
import { cutOff, invalid, quoted, unsupported } from '../../errors.js';
import type { TensorPlace } from '../../tensors/recipe.js';
import { elementCount, fillsBlocks, storedBytes } from '../../values/sizes.js';
import { HeaderCursor } from './cursor.js';
import { type Metadata, readMetadata } from './metadata.js';
import { elementType } from './types.js';

export interface GgufHeader {
  readonly metadata: Metadata;
  /** By the names in the file, in the order of their bytes. */
  readonly tensors: readonly TensorPlace[];
}

const MAGIC = 'GGUF';

/** `GGML_MAX_DIMS`. */
const MOST_DIMENSIONS = 4;
/** The largest models have some thousands. */
const MOST_TENSORS = 500_000;
/** A name's length, no dimensions, type and offset. */
const LEAST_TENSOR = 8 + 4 + 4 + 8;
const DEFAULT_ALIGNMENT = 32;

/**
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the file breaks a rule of the format,
 *   `UNSUPPORTED_CHECKPOINT` for another version or byte order, or a type that is not decoded
 */
export async function readHeader(source: ByteSource, signal?: AbortSignal): Promise<GgufHeader> {
  const cursor = new HeaderCursor(source, signal);
  await checkVersion(cursor);
  const count = await cursor.count('its number of tensors');
  const pairs = await cursor.count('its number of pairs of metadata');
  if (count > MOST_TENSORS) throw cursor.damaged(`it would have ${count} tensors`);
  cursor.requireLeft(count * LEAST_TENSOR, `its table of ${count} tensors`);
  const metadata = await readMetadata(cursor, pairs);
  cursor.requireLeft(count * LEAST_TENSOR, `its table of ${count} tensors`);
  const entries: TensorPlace[] = [];
  for (let i = 0; i < count; i++) entries.push(await readEntry(cursor));
  const alignment = alignmentOf(metadata, cursor);
  const dataStart = Math.ceil(cursor.at / alignment) * alignment;
  const tensors = entries
    .map(({ start, end, ...tensor }) => ({
      ...tensor,
      start: dataStart + start,
      end: dataStart + end,
    }))
    .sort((a, b) => a.start - b.start || a.end - b.end);
  checkPlaces(tensors, alignment, dataStart, source);
  return { metadata, tensors };
}

async function checkVersion(cursor: HeaderCursor): Promise<void> {
  const { file } = cursor;
  const wait = cursor.need(8, 'the beginning of a GGUF file');
  if (wait) await wait;
  const letters = String.fromCharCode(...cursor.bytes.subarray(0, 4));
  if (letters !== MAGIC) throw invalid('not a GGUF file: it does not begin with GGUF', { file });
  cursor.at = 4;
  const version = await cursor.uint32('its version');
  if (version === 2 || version === 3) return;
  if (version > 0 && version % 65_536 === 0) {
    throw unsupported('its numbers are big-endian; convert the model again without --bigendian', {
      file,
    });
  }
  throw unsupported(
    `version ${version} of GGUF cannot be read, versions 2 and 3 can; convert the model again`,
    { file },
  );
}

/** A line of the table; its places are counted from where the tensors begin. */
async function readEntry(cursor: HeaderCursor): Promise<TensorPlace> {
  const name = await cursor.text('the name of a tensor');
  const place = { file: cursor.file, tensor: name };
  const dimensions = await cursor.uint32(`the number of axes of ${quoted(name)}`);
  if (dimensions > MOST_DIMENSIONS) throw invalid(`it would have ${dimensions} axes`, place);
  const shape: number[] = [];
  // ggml lists the axis whose elements lie side by side first.
  for (let i = 0; i < dimensions; i++) shape.unshift(await cursor.count('a length of a tensor'));
  let elements = 1;
  for (const length of shape) {
    elements *= length;
    if (elements * 8 > Number.MAX_SAFE_INTEGER) {
      throw invalid(`shape [${shape}] has more elements than any file`, place);
    }
  }
  const number = await cursor.uint32(`the type of ${quoted(name)}`);
  const start = await cursor.count(`the offset of ${quoted(name)}`);
  const type = elementType(number);
  if (!type) throw invalid(`its type ${number} is none of ggml's`, place);
  const { name: typeName, dtype } = type;
  if (dtype === undefined) {
    throw unsupported(
      `elements of type ${typeName} cannot be read; take the model in another quantization`,
      place,
    );
  }
  if (!fillsBlocks(dtype, shape.at(-1) ?? 1)) {
    throw invalid(
      `rows of ${shape.at(-1) ?? 1} elements are no whole blocks of ${elementTypes[dtype].elements}, as ${dtype} has them`,
      place,
    );
  }
  return { name, dtype, shape, start, end: start + storedBytes(dtype, elementCount(shape)) };
}

function alignmentOf(metadata: Metadata, cursor: HeaderCursor): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const isPower = typeof alignment === 'number' && Number.isInteger(Math.log2(alignment));
  if (isPower && alignment >= 1 && alignment <= 1 << 20) return alignment;
  throw cursor.damaged(`its general.alignment ${quoted(String(alignment))} is no power of two`);
}

function checkPlaces(
  tensors: readonly TensorPlace[],
  alignment: number,
  dataStart: number,
  { name: file, byteLength }: ByteSource,
): void {
  let covered = dataStart;
  for (const { name, start, end } of tensors) {
    const place = { file, tensor: name };
    if ((start - dataStart) % alignment !== 0) {
      throw invalid(`its offset is no multiple of the alignment ${alignment}`, place);
    }
    if (start < covered) throw invalid('its bytes overlap those of another tensor', place);
    covered = end;
  }
  if (covered > byteLength) throw cutOff(file, byteLength, covered);
}

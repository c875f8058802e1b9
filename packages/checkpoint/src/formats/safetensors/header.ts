/**
 * The header of a safetensors file (github.com/huggingface/safetensors, "Format"): 8 bytes of
 * little-endian length, that many bytes of JSON, then the tensors' bytes without holes.
 *
 * Everything that the header claims is checked against the size of the file before it is used, as
 * the reference implementation does. Two small reads; no tensor's bytes are touched.
 */
import type { ByteSource, DType } from '@alphalora/contracts/weights';
import { cutOff, downloadAgain, invalid, quoted } from '../../errors.js';
import { isObject, type JsonObject, parseJsonObject } from '../../json.js';
import type { TensorPlace } from '../../tensors/recipe.js';
import { elementCount, storedBytes } from '../../values/sizes.js';

export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  readonly tensors: readonly TensorPlace[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's element types, by their names there. */
const types: ReadonlySet<string> = new Set<DType>([
  ...(['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ'] as const),
  ...(['F8_E8M0', 'F6_E2M3', 'F6_E3M2', 'F4', 'C64'] as const),
  ...(['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL'] as const),
]);

/** The cap of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;
export const METADATA_KEY = '__metadata__';

/**
 * Reads and checks the header.
 *
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when the file breaks a rule of the format
 */
export async function readHeader(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<SafetensorsHeader> {
  const file = source.name;
  const dataStart = 8 + (await headerLength(source, signal));
  const json = parseJsonObject(await source.read(8, dataStart, signal), file, {
    dialect: 'counts',
  });
  const tensors: TensorPlace[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(json)) {
    if (name === METADATA_KEY) metadata = checkMetadata(entry, file);
    else tensors.push(checkEntry(name, entry, dataStart, file));
  }
  // Storage order: JavaScript objects move names such as "0" to the front, so theirs says nothing.
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  checkCoverage(tensors, dataStart, source);
  return { tensors, metadata };
}

const otherFile = 'download it again, or save the model as safetensors if it is of another format';

async function headerLength(source: ByteSource, signal?: AbortSignal): Promise<number> {
  const { name: file, byteLength } = source;
  if (byteLength < 9) {
    throw invalid(`${byteLength} bytes are too few for a safetensors file; ${downloadAgain}`, {
      file,
    });
  }
  const head = await source.read(0, 9, signal);
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  if (length === 0n || head[8] !== 0x7b) {
    const bytes = [...head].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw invalid(
      `not a safetensors file: it begins with the bytes ${bytes}, not with the length of a header and {; ${otherFile}`,
      { file },
    );
  }
  if (length > MAX_HEADER_BYTES) {
    throw invalid(
      `not a safetensors file: its header would have ${length} bytes, over the format's limit of ${MAX_HEADER_BYTES}; ${otherFile}`,
      { file },
    );
  }
  if (8 + Number(length) > byteLength) {
    throw invalid(
      `the header of ${length} bytes does not fit into the file of ${byteLength}; ${downloadAgain}`,
      { file },
    );
  }
  return Number(length);
}

function checkMetadata(entry: unknown, file: string): Record<string, string> {
  // MLX writes null for none, and the reference reader takes it so.
  if (entry === null) return {};
  if (!isObject(entry)) throw invalid(`${METADATA_KEY} is not an object of texts`, { file });
  for (const [key, value] of Object.entries(entry)) {
    if (typeof value !== 'string') {
      throw invalid(`${METADATA_KEY}: the value of ${quoted(key)} is not a text; quote it`, {
        file,
      });
    }
  }
  return entry as Record<string, string>;
}

function checkEntry(name: string, entry: unknown, dataStart: number, file: string): TensorPlace {
  const place = { file, tensor: name };
  if (!isObject(entry)) throw invalid('its header entry is not an object', place);
  const dtype = checkDType(entry, place);
  const shape = checkShape(entry, place);
  const offsets = entry['data_offsets'];
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw invalid('data_offsets are not two whole numbers from 0 up', place);
  }
  const [from, to] = offsets as [number, number];
  if (from > to) throw invalid(`data_offsets [${from}, ${to}] run backwards`, place);
  const wanted = storedBytes(dtype, elementCount(shape));
  if (wanted !== to - from) {
    throw invalid(
      `shape [${shape}] of ${dtype} takes ${wanted} bytes, but its data_offsets span ${to - from}`,
      place,
    );
  }
  return { name, dtype, shape, start: dataStart + from, end: dataStart + to };
}

function checkDType(entry: JsonObject, place: { file: string; tensor: string }): DType {
  const dtype = entry['dtype'];
  if (typeof dtype === 'string' && isType(dtype)) return dtype;
  const given = dtype === undefined ? 'missing' : quoted(String(JSON.stringify(dtype)));
  throw invalid(`its dtype (${given}) is not one of the format`, place);
}

function isType(name: string): name is DType {
  return types.has(name);
}

function checkShape(entry: JsonObject, place: { file: string; tensor: string }): number[] {
  const shape = entry['shape'];
  if (!isCounts(shape)) throw invalid('its shape is not a list of whole numbers from 0 up', place);
  let elements = 1;
  for (const length of shape) {
    elements *= length;
    // Times 8 bytes, so that sizes in bytes are exact too.
    if (elements * 8 > Number.MAX_SAFE_INTEGER) {
      throw invalid(`shape [${shape.slice(0, 8)}] has more elements than any file`, place);
    }
  }
  return shape;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** Every byte after the header belongs to exactly one tensor. */
function checkCoverage(
  tensors: readonly TensorPlace[],
  dataStart: number,
  { name: file, byteLength }: ByteSource,
): void {
  let covered = dataStart;
  for (const { name, start, end } of tensors) {
    if (start < covered) {
      throw invalid('its bytes overlap those of another tensor', { file, tensor: name });
    }
    if (start > covered) {
      throw invalid(
        `${start - covered} bytes before it belong to no tensor; write the file again`,
        { file, tensor: name },
      );
    }
    covered = end;
  }
  if (covered > byteLength) throw cutOff(file, byteLength, covered);
  if (covered < byteLength) {
    throw invalid(
      `${byteLength - covered} bytes at its end belong to no tensor; ${downloadAgain}`,
      { file },
    );
  }
}

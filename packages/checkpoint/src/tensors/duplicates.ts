/**
 * Tensors that several files of a model hold: one weight where all are equal, as some programs write an
 * embedding or a norm into each file that needs it.
 */
import { invalid, quoted } from '../errors.js';
import { plainName } from '../sources/plain-name.js';
import { elementCount, storedBytes } from '../values/sizes.js';
import type { FileTensor } from './file-tensor.js';

/** Elements that are compared at a time, and first of all: tensors that differ do so early. */
const CHUNK = 1 << 20;
const FIRST = 1 << 12;

/**
 * @param preferred the file that is named as that of a tensor, without its folder
 * @returns each tensor once, and notes on those that were there several times
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when two of the same name differ
 */
export async function withoutDuplicates(
  tensors: readonly FileTensor[],
  preferred: (name: string) => string | undefined,
  signal?: AbortSignal,
): Promise<{ tensors: readonly FileTensor[]; notes: readonly string[] }> {
  const byName = new Map<string, FileTensor[]>();
  for (const tensor of tensors) {
    const same = byName.get(tensor.name);
    if (same) same.push(tensor);
    else byName.set(tensor.name, [tensor]);
  }
  if (byName.size === tensors.length) return { tensors, notes: [] };
  const dropped = new Set<FileTensor>();
  const twice: string[] = [];
  for (const [name, same] of byName) {
    if (same.length === 1) continue;
    const kept = same.find(({ file }) => plainName(file) === preferred(name)) ?? same[0]!;
    for (const other of same) {
      if (other === kept) continue;
      if (other.file === kept.file) throw twiceInOne(other);
      if (!(await areEqual(kept, other, signal))) throw different(kept, other);
      dropped.add(other);
    }
    twice.push(name);
  }
  const some = twice.slice(0, 3).map(quoted).join(', ') + (twice.length > 3 ? ', ...' : '');
  const what = twice.length === 1 ? some : `${twice.length} tensors (${some})`;
  return {
    tensors: tensors.filter((tensor) => !dropped.has(tensor)),
    notes: [`several files hold ${what}, with the same values: each counts once`],
  };
}

async function areEqual(
  one: FileTensor,
  other: FileTensor,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (one.dtype !== other.dtype || `${one.shape}` !== `${other.shape}`) return false;
  if (one.identity !== undefined && one.identity === other.identity) return true;
  const count = elementCount(one.shape);
  for (let start = 0, size = FIRST; start < count; start += size, size = CHUNK) {
    const range = [start, Math.min(count, start + size)] as const;
    const [a, b] = await Promise.all([part(one, range, signal), part(other, range, signal)]);
    for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  }
  return true;
}

/** The bytes of elements as they are stored; their values, where a format does not hand these out. */
async function part(
  { dtype, read, readInto }: FileTensor,
  [start, end]: readonly [number, number],
  signal: AbortSignal | undefined,
): Promise<Uint8Array | Float32Array | Float64Array> {
  if (!readInto) return read(start, end, signal);
  const bytes = new Uint8Array(storedBytes(dtype, end - start));
  await readInto(bytes, start, signal);
  return bytes;
}

function twiceInOne({ file, name }: FileTensor): Error {
  return invalid('the file holds another tensor of the same name; export it again', {
    file,
    tensor: name,
  });
}

function different(kept: FileTensor, other: FileTensor): Error {
  return invalid(
    `${plainName(kept.file)} holds a tensor of the same name with other values; open one of the files`,
    { file: other.file, tensor: other.name },
  );
}

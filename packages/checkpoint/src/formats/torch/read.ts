/**
 * What a file of PyTorch holds: a pickle that describes tensors as views of storages, and the bytes of
 * these, in an archive or one after the other. The pickle is read to open it, the bytes when they are
 * asked for.
 */
import type { FormatContent } from '@alphalora/contracts/extensions';
import type { ByteSource, StoredTensor } from '@alphalora/contracts/weights';
import { downloadAgain, invalid, unsupported } from '../../errors.js';
import { plainName } from '../../sources/plain-name.js';
import { storedTensor } from '../../tensors/stored.js';
import { isOneRun, stridedTensor } from '../../tensors/strided.js';
import { readArchive } from './archive.js';
import { readLegacy } from './legacy.js';
import { stateDictOf } from './state-dict.js';
import type { Tensor } from './types.js';

export async function readTorch(source: ByteSource, signal?: AbortSignal): Promise<FormatContent> {
  const { name: file, byteLength } = source;
  const head = await source.read(0, Math.min(2, byteLength), signal);
  const [first, second] = head;
  const isPickle = first === 0x80;
  if (!isPickle && !(first === 0x50 && second === 0x4b)) {
    throw invalid(`not a PyTorch file: neither a zip archive nor a pickle; ${downloadAgain}`, {
      file,
    });
  }
  const read = isPickle ? readLegacy : readArchive;
  const { root, storage } = await read(source, signal);
  const alone = plainName(file).replace(/\.\w+$/, '');
  const { tensors, path, leftOut } = stateDictOf(root, file, alone);
  const placed = [...tensors].map(([name, tensor]) => {
    const { source: bytes, offset } = storage(tensor.storage.key);
    return { at: offset, start: startOf(tensor), tensor: tensorOf(name, tensor, bytes) };
  });
  placed.sort((a, b) => a.at - b.at || a.start - b.start);
  return {
    tensors: placed.map(({ tensor }) => tensor),
    metadata: {
      ...(path.length > 0 && { state_dict: path.join('.') }),
      ...(leftOut.length > 0 && { left_out: leftOut.join(', ').slice(0, 1000) }),
    },
  };
}

/** First byte of a tensor in the bytes of its storage. */
function startOf({ storage, type, offset }: Tensor): number {
  return storage.start + offset * type.bytes;
}

function tensorOf(name: string, tensor: Tensor, source: ByteSource): StoredTensor {
  const { storage, type, offset, shape, strides } = tensor;
  const { dtype, bytes } = type;
  const { name: file } = source;
  if (!dtype) {
    throw unsupported(
      `elements of type ${type.name} cannot be read; convert it to bfloat16, float16 or float32`,
      { file, tensor: name },
    );
  }
  if (isOneRun(tensor)) {
    const start = startOf(tensor);
    const end = start + bytes * shape.reduce((product, length) => product * length, 1);
    return storedTensor(source, { name, dtype, shape, start, end });
  }
  const length = Math.floor((storage.end - storage.start) / bytes);
  const all = storedTensor(source, {
    name,
    dtype,
    shape: [length],
    start: storage.start,
    end: storage.start + length * bytes,
  });
  return stridedTensor(all, { name, shape, strides, offset, file });
}

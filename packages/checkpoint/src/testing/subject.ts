/** The format under test and its files, and sources that remember what was asked of them. */
import { isAlphaLoraError } from '@alphalora/contracts';
import type { CheckpointFormat, FormatContent } from '@alphalora/contracts/extensions';
import type { ByteSource } from '@alphalora/contracts/weights';
import { memorySource } from '../sources/memory.js';

/** A valid file, and what it holds. */
export interface FormatFile {
  readonly bytes: Uint8Array;
  readonly tensors: ReadonlyArray<{
    readonly name: string;
    readonly shape: readonly number[];
    /** Decoded, row-major: exactly what a read gives. */
    readonly values: ArrayLike<number>;
  }>;
}

export interface Subject {
  readonly format: CheckpointFormat;
  readonly files: readonly FormatFile[];
}

/** Stands for the file in messages. */
export const FILE = 'sample.weights';

export interface TracedSource extends ByteSource {
  /** What has been asked for since the last call. */
  taken(): Array<readonly [start: number, end: number]>;
}

export function tracedSource(bytes: Uint8Array): TracedSource {
  const source = memorySource(bytes, FILE);
  let ranges: Array<readonly [number, number]> = [];
  return {
    name: FILE,
    byteLength: bytes.byteLength,
    read(start, end, signal) {
      ranges.push([start, end]);
      return source.read(start, end, signal);
    },
    taken() {
      const taken = ranges;
      ranges = [];
      return taken;
    },
  };
}

export function open({ format }: Subject, bytes: Uint8Array): Promise<FormatContent> {
  return format.read(memorySource(bytes, FILE));
}

/** What is wrong with what a file is read as; undefined where nothing is. */
export async function difference(
  { tensors }: FormatFile,
  content: FormatContent,
): Promise<string | undefined> {
  const names = content.tensors.map(({ name }) => name);
  const expected = tensors.map(({ name }) => name);
  if (JSON.stringify(names.toSorted()) !== JSON.stringify(expected.toSorted())) {
    return `it has the tensors ${JSON.stringify(names)}, not ${JSON.stringify(expected)}`;
  }
  for (const { name, shape, values } of tensors) {
    const tensor = content.tensors.find((one) => one.name === name)!;
    if (JSON.stringify(tensor.shape) !== JSON.stringify(shape)) {
      return `the shape of ${name} is [${tensor.shape}], not [${shape}]`;
    }
    const fault = unequal(await tensor.read(), values);
    if (fault !== undefined) return `${name}: ${fault}`;
  }
  return undefined;
}

export function unequal(found: ArrayLike<number>, expected: ArrayLike<number>): string | undefined {
  if (found.length !== expected.length) return `${found.length} values, not ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    if (!Object.is(found[i], expected[i])) return `value ${i} is ${found[i]}, not ${expected[i]}`;
  }
  return undefined;
}

/** Whether a file was refused in the words of an error that names it. */
export function isRefusal(error: unknown): boolean {
  return isAlphaLoraError(error, 'INVALID_CHECKPOINT', 'UNSUPPORTED_CHECKPOINT');
}

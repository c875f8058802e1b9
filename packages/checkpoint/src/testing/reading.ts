/** What a format reads, and when: headers at once, tensors when they are asked for. */
import { isAlphaLoraError } from '@alphalora/contracts';
import { type Examination, forEachOf } from '@alphalora/contracts/testing';
import { decodeValues } from '../values/decode.js';
import { elementCount, storedBytes } from '../values/sizes.js';
import { open, type Subject, tracedSource, unequal } from './subject.js';

type Examine = Examination<Subject>;

/** From here on it shows whether a file is read as a whole. */
const LARGE = 2 ** 18;
/** Whoever does not know how long a header is may read so far beyond it. */
const AHEAD = 2 ** 16;

const large = ({ files }: Subject) => files.filter(({ bytes }) => bytes.byteLength > LARGE);
const noneLarge = { skipped: `no file has more than ${LARGE} bytes` };

type Range = readonly [start: number, end: number];

const bytesOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, [start, end]) => sum + end - start, 0);

export const headersFirst: Examine = (subject) => {
  const files = large(subject);
  if (files.length === 0) return noneLarge;
  return forEachOf(files, async ({ bytes }) => {
    const source = tracedSource(bytes);
    const { tensors } = await subject.format.read(source);
    const opening = source.taken();
    for (const tensor of tensors) await tensor.read();
    const reading = source.taken();
    const twice = opening
      .flatMap((one) => reading.map((other) => overlap(one, other)))
      .reduce((sum, bytes) => sum + bytes, 0);
    return twice <= AHEAD
      ? undefined
      : { failed: `opening a file of ${bytes.byteLength} bytes reads ${twice} of its tensors` };
  });
};

const overlap = ([a, b]: Range, [c, d]: Range): number =>
  Math.max(0, Math.min(b, d) - Math.max(a, c));

export const lazily: Examine = (subject) => {
  const files = large(subject);
  if (files.length === 0) return noneLarge;
  return forEachOf(files, async ({ bytes }) => {
    const source = tracedSource(bytes);
    const { tensors } = await subject.format.read(source);
    source.taken();
    return forEachOf(tensors, async ({ name, dtype, shape, read }) => {
      await read();
      const [asked, own] = [bytesOf(source.taken()), storedBytes(dtype, elementCount(shape))];
      return asked <= own + AHEAD
        ? undefined
        : { failed: `${name} has ${own} bytes, and reading it asks for ${asked}` };
    });
  });
};

export const parts: Examine = (subject) =>
  forEachOf(subject.files, async ({ bytes, tensors: expected }) => {
    const { tensors } = await open(subject, bytes);
    return forEachOf(expected, async ({ name, values }) => {
      const tensor = tensors.find((one) => one.name === name)!;
      const all = Array.from(values);
      const { length } = all;
      const third = Math.floor(length / 3);
      for (const [start, end] of [
        [0, third],
        [third, 2 * third + 1],
        [length - third, length],
        [third, third],
      ] as const) {
        if (end > length) continue;
        const fault = unequal(await tensor.read(start, end), all.slice(start, end));
        if (fault !== undefined) return { failed: `${name}, ${start} to ${end}: ${fault}` };
      }
      for (const [start, end] of [
        [-1, length],
        [0, length + 1],
        [2, 1],
        [0, 0.5],
      ] as const) {
        const error = await tensor.read(start, end).catch((reason: unknown) => reason);
        if (isAlphaLoraError(error, 'INVALID_OPTION')) continue;
        return {
          failed: `${name}: ${start} to ${end} of ${length} ends in ${error}; expected INVALID_OPTION`,
        };
      }
      return undefined;
    });
  });

/** What `readInto` hands out must decode to the same values. */
export const stored: Examine = (subject) =>
  forEachOf(subject.files, async ({ bytes, tensors: expected }) => {
    const { tensors } = await open(subject, bytes);
    return forEachOf(expected, async ({ name, values }) => {
      const { dtype, readInto } = tensors.find((one) => one.name === name)!;
      if (!readInto) return undefined;
      const target = new Uint8Array(storedBytes(dtype, values.length));
      await readInto(target, 0);
      const fault = unequal(decodeValues(target, dtype), values);
      return fault === undefined ? undefined : { failed: `${name}: of its stored bytes, ${fault}` };
    });
  });

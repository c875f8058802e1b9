/** What a format makes of damaged files, of sources that fail, and of signals. */
import type { FormatContent } from '@alphalora/contracts/extensions';
import { type Examination, forEachOf, type Outcome } from '@alphalora/contracts/testing';
import type { ByteSource } from '@alphalora/contracts/weights';
import { memorySource } from '../sources/memory.js';
import { elementCount, storedBytes } from '../values/sizes.js';
import { mutations, truncations } from './damage.js';
import { difference, FILE, isRefusal, open, type Subject, unequal } from './subject.js';

type Examine = Examination<Subject>;

export const inputUnchanged: Examine = (subject) =>
  forEachOf(subject.files, async ({ bytes }) => {
    const given = bytes.slice();
    subject.format.sniff(given.subarray(0, 512));
    for (const tensor of (await open(subject, given)).tensors) (await tensor.read()).fill(1);
    const fault = unequal(given, bytes);
    return fault === undefined ? undefined : { failed: `of the file's bytes, ${fault}` };
  });

export const abort: Examine = (subject) =>
  forEachOf(subject.files, async ({ bytes }) => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const opening = await outcomeOf(() => subject.format.read(memorySource(bytes, FILE), signal));
    if (opening !== reason) return { failed: `opening ends in ${opening}; expected the reason` };
    const { tensors } = await open(subject, bytes);
    return forEachOf(tensors, async ({ name, shape, read }) => {
      // Of nothing there is nothing to wait for.
      if (elementCount(shape) === 0) return undefined;
      const reading = await outcomeOf(() => read(undefined, undefined, signal));
      return reading === reason
        ? undefined
        : { failed: `reading ${name} ends in ${reading}; expected the reason of the signal` };
    });
  });

/** What a promise rejects with. */
async function outcomeOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
    return 'an answer';
  } catch (error) {
    return error;
  }
}

/** A disk that is gone is no damaged file. */
export const faultOfReading: Examine = (subject) =>
  forEachOf(subject.files, async ({ bytes }) => {
    const fault = new Error('the disk is gone');
    const read: ByteSource['read'] = () => Promise.reject(fault);
    const source = { name: FILE, byteLength: bytes.byteLength, read };
    const outcome = await outcomeOf(() => subject.format.read(source));
    return outcome === fault
      ? undefined
      : { failed: `a source that fails ends in ${outcome}; expected the error of its read` };
  });

/** Padding at the end of a file may be missing; what belongs to a tensor may not. */
export const truncated: Examine = (subject) =>
  forEachOf(subject.files, (file) =>
    forEachOf(truncations(file.bytes), async (bytes) => {
      const what = `the first ${bytes.byteLength} of ${file.bytes.byteLength} bytes`;
      return settle(subject, bytes, what, async (content) => {
        const fault = await difference(file, content);
        return fault === undefined ? undefined : { failed: `${what} are read, and ${fault}` };
      });
    }),
  );

/** What a compressed file may hold for each of its bytes (the limit of DEFLATE). */
const RATIO = 1032;

export const damaged: Examine = (subject) =>
  forEachOf(subject.files, (file) => {
    // Most of a large file is values, which may be anything.
    if (file.bytes.byteLength > 2 ** 16) return undefined;
    return forEachOf(mutations(file.bytes), (bytes) => {
      const at = bytes.findIndex((byte, i) => byte !== file.bytes[i]);
      const what = `a file with another byte ${at}`;
      return settle(subject, bytes, what, async ({ tensors }) => {
        for (const { name, dtype, shape, read } of tensors) {
          const count = elementCount(shape);
          if (!(storedBytes(dtype, count) <= RATIO * bytes.byteLength)) {
            return {
              failed: `${what} is believed that ${JSON.stringify(name)} has the shape [${shape}], with ${bytes.byteLength} bytes in all`,
            };
          }
          const { length } = await read();
          if (length !== count)
            return { failed: `${what}: ${length} values of a shape [${shape}]` };
        }
        return undefined;
      });
    });
  });

/** Refused in words that name the file, or opened and found in order. */
async function settle(
  subject: Subject,
  bytes: Uint8Array,
  what: string,
  examine: (content: FormatContent) => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await examine(await open(subject, bytes));
  } catch (error) {
    if (!isRefusal(error)) {
      return { failed: `${what}: ${error}; expected INVALID_CHECKPOINT or UNSUPPORTED_CHECKPOINT` };
    }
    const { message } = error as Error;
    return message.includes(FILE)
      ? undefined
      : { failed: `${what}: the error does not name the file: ${message}` };
  }
}

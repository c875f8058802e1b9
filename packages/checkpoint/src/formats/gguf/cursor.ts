/**
 * Reads a header of unknown length from the start of a file: in pieces that double, so that a header of
 * megabytes takes a few requests, and no more is read beyond a header than it has itself (or 64 KiB).
 *
 * What has been read stays, since arrays are decoded when they are asked for; see `metadata.ts`.
 */
import type { AlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import { downloadAgain, invalid } from '../../errors.js';

/** What is read first; most small models have more, and none that matters less than a second read. */
const FIRST_BYTES = 1 << 16;
/** Ten times the largest vocabularies. */
const MOST_BYTES = 100_000_000;

export class HeaderCursor {
  /** Of the next byte, in the file. */
  at = 0;
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  readonly #source: ByteSource;
  readonly #signal: AbortSignal | undefined;

  constructor(source: ByteSource, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#signal = signal;
  }

  get file(): string {
    return this.#source.name;
  }

  /** @throws AlphaLoraError `INVALID_CHECKPOINT` when the file has not so many bytes left */
  requireLeft(count: number, what: string): void {
    const left = this.#source.byteLength - this.at;
    if (count > left) {
      throw this.damaged(`${what} would take ${count} bytes, and ${left} are left of the file`);
    }
    if (this.at + count > MOST_BYTES) {
      throw this.damaged(`its header would have over ${MOST_BYTES} bytes`);
    }
  }

  /**
   * Sees to it that so many bytes from `at` on are there.
   *
   * @returns a promise where they have to be read first: awaiting nothing takes time, too
   */
  need(count: number, what: string): Promise<void> | undefined {
    if (this.at + count <= this.bytes.byteLength) return undefined;
    this.requireLeft(count, what);
    return this.#grow(this.at + count);
  }

  async #grow(least: number): Promise<void> {
    const { byteLength } = this.bytes;
    const end = Math.min(
      this.#source.byteLength,
      Math.max(least, FIRST_BYTES, Math.min(2 * byteLength, MOST_BYTES)),
    );
    const more = await this.#source.read(byteLength, end, this.#signal);
    const bytes = new Uint8Array(end);
    bytes.set(this.bytes);
    bytes.set(more, byteLength);
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  async uint32(what: string): Promise<number> {
    const wait = this.need(4, what);
    if (wait) await wait;
    const value = this.view.getUint32(this.at, true);
    this.at += 4;
    return value;
  }

  /** A number of 64 bits that counts or measures something in the file. */
  async count(what: string): Promise<number> {
    const wait = this.need(8, what);
    if (wait) await wait;
    const value = this.view.getBigUint64(this.at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged(`${what} is ${value}`);
    this.at += 8;
    return Number(value);
  }

  /** A text with its length before it. */
  async text(what: string): Promise<string> {
    const length = await this.count(`the length of ${what}`);
    const wait = this.need(length, what);
    if (wait) await wait;
    const start = this.at;
    this.at += length;
    return decodeText(this.bytes.subarray(start, this.at));
  }

  damaged(what: string): AlphaLoraError {
    return invalid(`${what}; ${downloadAgain}`, { file: this.file });
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** What is no UTF-8 becomes replacement characters: vocabularies have such tokens. */
export function decodeText(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/**
 * The machine that pickles are programs of: a stack with marks, a memory of objects, and the bytes that
 * come next. What each instruction does with it is in `opcodes.ts`.
 */
import { downloadAgain, invalid, quoted, unsupported } from '../../errors.js';

/** What a pickle may name: a function or class that the host has an answer for. */
export class Named {
  readonly name: string;
  /** Absent for what stands for itself. */
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;

  constructor(name: string, call?: (args: readonly unknown[]) => unknown) {
    this.name = name;
    this.call = call;
  }
}

export interface PickleHost {
  /** For messages. */
  readonly file: string;
  /** @throws AlphaLoraError for every name that it does not know */
  named(module: string, name: string): Named;
  /** What a persistent id stands for: something that lies outside of the pickle. */
  persistent(id: unknown): unknown;
}

/** Containers: those of a hundred thousand tensors and their optimizer. */
const MAX_CONTAINERS = 1 << 21;
/** Of an integer, in bytes. */
const MAX_INTEGER = 1024;
const MAX_NAME = 1000;

/** The bytes end before the pickle does. */
export class TooShort extends Error {}

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class Machine {
  private readonly view: DataView;
  private readonly stack: unknown[] = [];
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, unknown>();
  private containers = 0;

  private readonly bytes: Uint8Array;
  /** Of the next byte. */
  at: number;
  readonly host: PickleHost;

  constructor(bytes: Uint8Array, at: number, host: PickleHost) {
    this.bytes = bytes;
    this.at = at;
    this.host = host;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  broken(what: string): Error {
    return invalid(`the pickle in it is damaged: ${what}; ${downloadAgain}`, {
      file: this.host.file,
    });
  }

  byte(): number {
    return this.bytes[this.take(1)]!;
  }

  /** Position of the next bytes, which are read. */
  take(length: number): number {
    const start = this.at;
    if (length > this.bytes.byteLength - start) throw new TooShort();
    this.at += length;
    return start;
  }

  uint16(): number {
    return this.view.getUint16(this.take(2), true);
  }

  uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  int32(): number {
    return this.view.getInt32(this.take(4), true);
  }

  float64(): number {
    return this.view.getFloat64(this.take(8), false);
  }

  /** A length of 64 bits. */
  length64(): number {
    const length = this.view.getBigUint64(this.take(8), true);
    if (length > Number.MAX_SAFE_INTEGER) throw this.broken(`something has ${length} bytes`);
    return Number(length);
  }

  slice(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.slice(start, start + length);
  }

  text(length: number): string {
    const start = this.take(length);
    return this.decoded(start, start + length);
  }

  /** A line, as names of before protocol 4 are written. */
  line(): string {
    const start = this.at;
    const end = this.bytes.subarray(start, start + MAX_NAME).indexOf(0x0a);
    if (end < 0) {
      if (start + MAX_NAME > this.bytes.byteLength) throw new TooShort();
      throw this.broken('a name has no end');
    }
    this.at = start + end + 1;
    return this.decoded(start, start + end);
  }

  private decoded(start: number, end: number): string {
    try {
      return text.decode(this.bytes.subarray(start, end));
    } catch {
      throw this.broken('a text is not UTF-8');
    }
  }

  /** Two's complement, least byte first. */
  integer(length: number): void {
    if (length > MAX_INTEGER) throw this.broken(`an integer has ${length} bytes`);
    const bytes = this.slice(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    value = BigInt.asIntN(8 * length, value);
    const small = Number(value);
    this.push(Number.isSafeInteger(small) ? small : value);
  }

  push(value: unknown): void {
    this.stack.push(value);
  }

  /** A container to put things in. */
  open(container: unknown): void {
    if (++this.containers > MAX_CONTAINERS) {
      throw invalid(`the pickle in it has over ${MAX_CONTAINERS} containers`, {
        file: this.host.file,
      });
    }
    this.push(container);
  }

  pop(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.broken('its stack is empty');
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.broken('its stack is empty');
    return this.stack.at(-1);
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  /** What lies above the last mark, which is taken away. */
  popMark(): unknown[] {
    const mark = this.marks.pop();
    if (mark === undefined) throw this.broken('it has no mark');
    return this.stack.splice(mark);
  }

  popTuple(length: number): void {
    const items = Array.from({ length }, () => this.pop());
    this.open(Object.freeze(items.reverse()));
  }

  append(items: readonly unknown[]): void {
    const list = this.top();
    if (!Array.isArray(list) || Object.isFrozen(list)) throw this.broken('it appends to no list');
    for (const item of items) list.push(item);
  }

  add(items: readonly unknown[]): void {
    const set = this.top();
    if (!(set instanceof Set)) throw this.broken('it adds to no set');
    for (const item of items) set.add(item);
  }

  setItems(items: readonly unknown[]): void {
    const map = this.top();
    if (!(map instanceof Map)) throw this.broken('it sets items of no dictionary');
    if (items.length % 2 !== 0) throw this.broken('a key has no value');
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
  }

  name(module: unknown, name: unknown): void {
    if (typeof module !== 'string' || typeof name !== 'string') {
      throw this.broken('a name is no text');
    }
    this.push(this.host.named(module, name));
  }

  call(): void {
    const args = this.pop();
    const callable = this.pop();
    if (!(callable instanceof Named) || !callable.call) {
      const what = callable instanceof Named ? quoted(callable.name) : 'something';
      throw this.broken(`it calls ${what}, which is no function`);
    }
    if (!Array.isArray(args)) throw this.broken(`it calls ${callable.name} with no tuple`);
    this.open(callable.call(args));
  }

  /** Attributes that an object is given, such as the versions of modules with a state dict. */
  build(): void {
    this.pop();
    if (this.top() instanceof Map) return;
    throw unsupported('the pickle in it sets the state of an object, which is not done here', {
      file: this.host.file,
    });
  }

  persistent(): void {
    this.push(this.host.persistent(this.pop()));
  }

  remember(index: number): void {
    this.memo.set(index, this.top());
  }

  memoize(): void {
    this.remember(this.memo.size);
  }

  recall(index: number): void {
    if (!this.memo.has(index)) throw this.broken(`it remembers no object ${index}`);
    this.push(this.memo.get(index));
  }
}

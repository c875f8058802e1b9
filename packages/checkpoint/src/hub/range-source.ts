/**
 * A remote file as a {@link ByteSource}, by range requests (RFC 9110, section 14) that go straight into
 * the caller's memory: several at once, each resumed at the byte where its connection broke.
 *
 * Every answer is checked against its request before its bytes count: status, range, size, encoding,
 * and whether it is still the same file. A server that ignores ranges is left before its flood arrives.
 */
import { type AlphaLoraError, defined, errorIn } from '@alphalora/contracts';
import type { ByteSource, SourceReference } from '@alphalora/contracts/weights';
import { type Answer, exchange, type Http, shown } from './exchange.js';
import { PassingFailure, withRetries } from './retry.js';

export interface RemoteFile {
  /** For messages and documents. */
  readonly name: string;
  readonly url: URL;
  readonly byteLength: number;
  readonly identity?: string;
  /** SHA-256 that the hub lists, which its answers must repeat. */
  readonly sha256?: string;
  /** ETag, or time of the last change, of the file as it was opened. */
  readonly validator?: string;
  /** `hf://org/name@commit` of a file on a hub. */
  readonly model?: string;
}

/** A file at an address as it was opened; the address may hold a secret. */
export interface RemoteReference extends SourceReference {
  readonly kind: 'https';
  readonly url: string;
  readonly identity?: string;
  readonly sha256?: string;
  readonly validator?: string;
  /** `hf://org/name@commit` of a file on a hub. */
  readonly model?: string;
}

/** Explains a status that is neither success nor passing. */
export type Explain = (answer: Answer, name: string) => AlphaLoraError;

/** Bytes of one request, and how many requests one reading may have under way. */
const PART_BYTES = 8 << 20;
const LANES = 4;
/** Bytes that count as getting further: a server that sends a few at a time is given up. */
const PROGRESS_BYTES = 1 << 16;
/** Read at once from the start, since most headers are smaller. */
const HEAD_BYTES = 1 << 17;

/** @param head the first bytes, where they have been read */
export function rangeSource(
  file: RemoteFile,
  http: Http,
  explain: Explain,
  head?: Uint8Array,
): ByteSource {
  const { name, byteLength, identity } = file;
  const transfer = createTransfer(file, http, explain);
  const reference: RemoteReference = { kind: 'https', ...file, url: file.url.href };
  let start = head;

  async function readInto(target: Uint8Array, from: number, signal?: AbortSignal): Promise<void> {
    requireInside(file, from, from + target.byteLength);
    const failure = new AbortController();
    const stop = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < target.byteLength) {
        const at = next;
        next = Math.min(target.byteLength, at + PART_BYTES);
        await transfer(target.subarray(at, next), from + at, stop);
      }
    };
    const lanes = Array.from(
      { length: Math.min(LANES, Math.ceil(target.byteLength / PART_BYTES)) },
      () => lane().catch((error: unknown) => failure.abort(error)),
    );
    await Promise.all(lanes);
    stop.throwIfAborted();
  }

  async function bytes(from: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const target = new Uint8Array(end - from);
    await readInto(target, from, signal);
    return target;
  }

  return {
    name,
    byteLength,
    ...defined({ identity }),
    reference,
    async read(from, end, signal) {
      requireInside(file, from, end);
      if (end > HEAD_BYTES) return bytes(from, end, signal);
      start ??= await bytes(0, Math.min(byteLength, HEAD_BYTES), signal);
      const result = start.slice(from, end);
      // The reading that does not begin at 0 is that of the header itself: nothing comes after it.
      if (from > 0) start = undefined;
      return result;
    },
    readInto,
  };
}

/**
 * The size, the validator and the first bytes of a file that nothing is known of.
 *
 * @throws AlphaLoraError `IO_FAILED` when the server does not serve ranges, and as `explain` says
 */
export async function probe(
  { url, name }: Pick<RemoteFile, 'url' | 'name'>,
  http: Http,
  explain: Explain,
  signal: AbortSignal | undefined,
): Promise<{ byteLength: number; validator: string | undefined; head: Uint8Array }> {
  return withRetries(
    () =>
      exchange(url, { headers: rangeHeaders(0, HEAD_BYTES), signal }, http, async (answer) => {
        const { status, headers } = answer;
        const whole =
          status === 200 ? Number(headers.get('content-length') ?? Number.NaN) : undefined;
        if (whole !== undefined && !(whole <= HEAD_BYTES)) throw ignoresRanges(name);
        if (status !== 200 && status !== 206) throw explain(answer, name);
        const range =
          status === 206 ? contentRange(answer, name) : { start: 0, end: whole!, total: whole };
        const { start, end, total } = range;
        if (start !== 0 || total === undefined || end !== Math.min(total, HEAD_BYTES)) {
          throw wrongAnswer(name, `the range ${headers.get('content-range')} for the first bytes`);
        }
        const head = new Uint8Array(end);
        await receive(answer, head, name, () => undefined);
        return { byteLength: total, validator: validatorOf(headers), head };
      }),
    `cannot read ${name}`,
    http,
    signal,
  );
}

type Transfer = (target: Uint8Array, from: number, signal: AbortSignal) => Promise<void>;

/** Fills a target by as many requests as it takes. */
function createTransfer(file: RemoteFile, http: Http, explain: Explain): Transfer {
  const { name, byteLength } = file;
  /** Where the redirects led, so that not every range has to ask the hub. Such links expire. */
  let link: URL | undefined;
  let seen: { place: string; validator: string } | undefined =
    file.validator === undefined
      ? undefined
      : { place: shown(file.url), validator: file.validator };

  function requireUnchanged({ headers, firstHeaders, url }: Answer): void {
    const listed = firstHeaders.get('x-linked-etag')?.replaceAll('"', '');
    const attested = file.sha256 !== undefined && (listed === undefined || listed === file.sha256);
    if (file.sha256 !== undefined && !attested) throw changed(name);
    const size = firstHeaders.get('x-linked-size');
    if (size !== null && Number(size) !== byteLength) throw changed(name);
    const validator = validatorOf(headers);
    if (validator === undefined) return;
    const place = shown(url);
    // Another store of the same content may have other ETags, if the hub vouches for the content.
    if (seen && seen.validator !== validator && (seen.place === place || !attested)) {
      throw changed(name);
    }
    seen = { place, validator };
  }

  /** @returns how many bytes the answer brings */
  function requireAsked(answer: Answer, from: number, end: number): number {
    const { status, headers } = answer;
    if (status === 416 || status === 412) throw changed(name);
    if (status === 200) {
      if (from !== 0 || end !== byteLength) throw ignoresRanges(name);
      const length = headers.get('content-length');
      if (length !== null && !headers.has('content-encoding') && Number(length) !== byteLength) {
        throw changed(name);
      }
      return byteLength;
    }
    if (status !== 206) throw explain(answer, name);
    const encoding = headers.get('content-encoding') ?? 'identity';
    if (encoding !== 'identity') throw wrongAnswer(name, `bytes in the encoding ${encoding}`);
    const range = contentRange(answer, name);
    if (range.total !== undefined && range.total !== byteLength) throw changed(name);
    if (range.start !== from || range.end > end) {
      throw wrongAnswer(
        name,
        `the range ${headers.get('content-range')} for bytes ${from}-${end - 1}`,
      );
    }
    return range.end - from;
  }

  return (target, from, signal) => {
    let done = 0;
    let counted = 0;
    const end = from + target.byteLength;
    return withRetries(
      async (progressed) => {
        while (done < target.byteLength) {
          const at = from + done;
          const whole = at === 0 && end === byteLength;
          // Without a range, some servers compress.
          const headers = whole ? { 'accept-encoding': 'identity' } : rangeHeaders(at, end);
          const known = link;
          await exchange(known ?? file.url, { headers, signal }, http, async (answer) => {
            if (known && [401, 403, 404, 410].includes(answer.status)) {
              link = undefined;
              throw new PassingFailure(`the link to ${name} has expired`);
            }
            const length = requireAsked(answer, at, end);
            requireUnchanged(answer);
            if (answer.url.href !== file.url.href) link = answer.url;
            await receive(answer, target.subarray(done, done + length), name, (count) => {
              done += count;
              if (done - counted < PROGRESS_BYTES) return;
              counted = done;
              progressed();
            });
            if (length < PROGRESS_BYTES && at + length < end) {
              throw new PassingFailure('the server sends a few bytes at a time');
            }
          });
        }
      },
      `cannot read ${name}`,
      http,
      signal,
    );
  };
}

/** Fills the target with the whole body. */
async function receive(
  { chunks }: Answer,
  target: Uint8Array,
  name: string,
  onReceived: (count: number) => void,
): Promise<void> {
  let filled = 0;
  for await (const chunk of chunks()) {
    if (filled + chunk.byteLength > target.byteLength) {
      throw wrongAnswer(name, `more than the ${target.byteLength} bytes that it announced`);
    }
    target.set(chunk, filled);
    filled += chunk.byteLength;
    onReceived(chunk.byteLength);
  }
  if (filled < target.byteLength) {
    throw new PassingFailure(`the connection ended after ${filled} of ${target.byteLength} bytes`);
  }
}

function rangeHeaders(start: number, end: number): Record<string, string> {
  return { range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity' };
}

function contentRange(
  { headers }: Answer,
  name: string,
): { start: number; end: number; total: number | undefined } {
  const text = headers.get('content-range') ?? '';
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text) ?? [];
  const [start, end] = [Number(first), Number(last) + 1];
  if (first === undefined || end <= start) {
    throw wrongAnswer(name, text === '' ? 'no range at all' : `the range ${text}`);
  }
  return { start, end, total: size === '*' ? undefined : Number(size) };
}

function validatorOf(headers: Headers): string | undefined {
  return headers.get('etag') ?? headers.get('last-modified') ?? undefined;
}

function requireInside({ name, byteLength }: RemoteFile, start: number, end: number): void {
  if (start >= 0 && start <= end && end <= byteLength) return;
  throw errorIn('IO_FAILED', name, `bytes ${start} to ${end} asked for, it has ${byteLength}`);
}

function changed(name: string): AlphaLoraError {
  return errorIn(
    'IO_FAILED',
    name,
    'it was changed while it was read; start again to read the new version',
  );
}

function ignoresRanges(name: string): AlphaLoraError {
  return errorIn(
    'IO_FAILED',
    name,
    'the server (or a proxy before it) sends whole files where a part is asked for; download the file and give its path',
  );
}

function wrongAnswer(name: string, what: string): AlphaLoraError {
  return errorIn(
    'IO_FAILED',
    name,
    `the server (or a proxy before it) answers wrongly, with ${what}; download the file and give its path`,
  );
}

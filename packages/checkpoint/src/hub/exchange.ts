/**
 * One request and its answer, redirects included: the token goes to the hub's own origin only, silence
 * ends the exchange, and whatever may pass becomes a {@link PassingFailure}.
 *
 * Redirects are followed here and not by `fetch`, so that it is certain where credentials go, and so
 * that what the first of several answers says (the hub's digests) is not lost. Browsers hide redirects
 * from programs; there `fetch` follows them, and drops the Authorization on the way to another origin
 * (Fetch standard, "HTTP-redirect fetch").
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { askedWait, PassingFailure, type RetryOptions } from './retry.js';

export interface HttpOptions extends RetryOptions {
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
  /**
   * Milliseconds in which an answer must begin, and then bring at least a thousand bytes for each
   * second of them; otherwise it is given up. @default 30_000
   */
  timeout?: number;
  /** Called with the number of bytes that have arrived. */
  onBytes?: (count: number) => void;
}

/** A secret for one origin. */
export interface Credentials {
  origin: string;
  token: string;
}

export interface Http extends HttpOptions {
  credentials?: Credentials | undefined;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** Headers of the answer before any redirect. */
  firstHeaders: Headers;
  /** Where the answer came from. */
  url: URL;
  /** The body as it arrives; what is not read is not transferred. */
  chunks: () => AsyncGenerator<Uint8Array, void, undefined>;
}

const MOST_REDIRECTS = 5;
/** Parts of the timeout in which silence is looked for. */
const TICKS = 4;
/** Fewer bytes in a second are no transfer; half of what GPRS had. */
const LEAST_RATE = 1000;

/**
 * @param consume takes the answer while the connection is open; what it throws ends the exchange
 * @throws PassingFailure for failed connections, silence, and answers that ask to come back later;
 *   AlphaLoraError `IO_FAILED` for redirects that lead astray; the signal's reason when aborted
 */
export async function exchange<Result>(
  url: URL,
  { headers, signal }: { headers: Record<string, string>; signal: AbortSignal | undefined },
  http: Http,
  consume: (answer: Answer) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted();
  const watch = silenceWatch(http.timeout ?? 30_000);
  const stop = signal ? AbortSignal.any([signal, watch.signal]) : watch.signal;
  const network: Network = async (work) => {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      throw watch.signal.aborted ? watch.signal.reason : networkFailure(error, url);
    }
  };
  try {
    const { response, at, firstHeaders } = await followed(url, headers, stop, http, network);
    watch.began();
    if (mayPass(response.status)) {
      throw new PassingFailure(`${at.host} answers ${response.status}`, {
        retryAfter: askedWait(response.headers, Date.now()),
      });
    }
    return await consume({
      status: response.status,
      headers: response.headers,
      firstHeaders,
      url: at,
      chunks: () =>
        chunksOf(response, network, (count) => {
          watch.heard(count);
          http.onBytes?.(count);
        }),
    });
  } finally {
    // Ends the transfer of whatever was not read.
    watch.end();
  }
}

/** Address without what may be a secret: links are signed in their query. */
export function shown({ origin, pathname }: URL): string {
  return origin + pathname;
}

function mayPass(status: number): boolean {
  return status >= 500 || [408, 425, 429].includes(status);
}

type Network = <T>(work: () => Promise<T>) => Promise<T>;

async function followed(
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal,
  { fetch = globalThis.fetch, credentials }: Http,
  network: Network,
): Promise<{ response: Response; at: URL; firstHeaders: Headers }> {
  let at = url;
  let firstHeaders: Headers | undefined;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const authorization = credentials?.origin === at.origin && `Bearer ${credentials.token}`;
    const init = { headers: { ...headers, ...(authorization && { authorization }) }, signal };
    const response = await network(() => fetch(at, { ...init, redirect: 'manual' }));
    if (response.type === 'opaqueredirect') {
      const final = await network(() => fetch(at, { ...init, redirect: 'follow' }));
      return { response: final, at: new URL(final.url), firstHeaders: final.headers };
    }
    firstHeaders ??= response.headers;
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      return { response, at, firstHeaders };
    }
    await response.body?.cancel();
    at = redirected(at, location);
  }
  throw new AlphaLoraError('IO_FAILED', `${shown(url)}: more than ${MOST_REDIRECTS} redirects`);
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  const safe = to?.protocol === 'https:' || (to?.protocol === 'http:' && from.protocol === 'http:');
  if (to && safe) return to;
  throw new AlphaLoraError(
    'IO_FAILED',
    `${shown(from)}: redirected to ${to ? `${to.protocol}//${to.host}` : 'no address'}, which is not safe to follow`,
  );
}

async function* chunksOf(
  { body }: Response,
  network: Network,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (!body) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await network(() => reader.read());
      if (done) return;
      onBytes(value.byteLength);
      yield value;
    }
  } finally {
    // Rejects where the connection is gone already.
    reader.cancel().catch(() => undefined);
  }
}

/**
 * Aborts after a time in which less was heard than a transfer brings: one byte now and then is as good
 * as silence. It counts ticks of a timer, not time: while the thread is busy with computing, it can
 * hear nothing, but the timer does not tick either.
 */
function silenceWatch(timeout: number): {
  signal: AbortSignal;
  began(): void;
  heard(count: number): void;
  end(): void;
} {
  const controller = new AbortController();
  const seconds = timeout / 1000;
  let ticks = 0;
  let bytes = 0;
  const restart = (): void => {
    ticks = 0;
    bytes = 0;
  };
  const timer = setInterval(() => {
    ticks++;
    if (ticks <= TICKS) return;
    const what = bytes === 0 ? 'no answer' : `only ${bytes} bytes`;
    end(new PassingFailure(`${what} for ${seconds} s`));
  }, timeout / TICKS);
  const end = (reason: unknown): void => {
    clearInterval(timer);
    controller.abort(reason);
  };
  return {
    signal: controller.signal,
    began: restart,
    heard(count) {
      bytes += count;
      if (bytes >= LEAST_RATE * seconds) restart();
    },
    end: () => end(undefined),
  };
}

interface NetworkError extends Error {
  code?: string;
}

/** What no other attempt gets over: a name that does not exist, a certificate that is not trusted. */
const lasting = /^(ENOTFOUND|CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_INVALID)/;

/** `fetch` says nothing but "fetch failed"; the reasons are in its causes. */
function networkFailure(error: unknown, url: URL): Error {
  let innermost = error as NetworkError;
  while (innermost.cause instanceof Error) innermost = innermost.cause as NetworkError;
  const { code, message } = innermost;
  if (!lasting.test(code ?? '')) {
    return new PassingFailure(message || code || String(error), { cause: error });
  }
  const mend =
    code === 'ENOTFOUND' ? 'check the name and the connection' : 'the connection is not safe';
  return new AlphaLoraError('IO_FAILED', `${shown(url)}: ${message}; ${mend}`, { cause: error });
}

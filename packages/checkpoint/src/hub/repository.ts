/**
 * What a hub says about a model: the commit that a revision stands for now, and the files of that
 * commit with their sizes and digests. Asked by `@huggingface/hub`, over a `fetch` that retries, keeps
 * the token to the hub's origin and bounds what an answer may hold.
 */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { exchange, type Http, type HttpOptions } from './exchange.js';
import type { Explain } from './range-source.js';
import { formatHubReference, type HubReference, isCommit, parseHubReference } from './reference.js';
import { explainHub } from './refusals.js';
import { PassingFailure, withRetries } from './retry.js';

export interface HubOptions extends HttpOptions {
  /** @default 'https://huggingface.co' */
  endpoint?: string;
  /** Sent to the endpoint's origin and to no other. */
  token?: string;
  signal?: AbortSignal;
}

/** A model at a commit. */
export interface HubModel {
  readonly reference: HubReference;
  readonly commit: string;
  /** The reference with the commit in place of the revision: it names the same bytes for ever. */
  readonly pinned: string;
  /** Those directly in the subfolder. */
  readonly files: readonly HubFile[];
}

export interface HubFile {
  /** Path within the repository. */
  readonly path: string;
  readonly byteLength: number;
  /** Of a file in Git itself: the SHA-1 of its Git object. */
  readonly oid: string;
  /** Of a large file: the SHA-256 of its content. */
  readonly sha256?: string;
}

/**
 * What a hub may say about one model, over all answers: a listing of a thousand files, which is a
 * page, takes some 300 kB.
 */
const MOST_BYTES = 32_000_000;
const MOST_ANSWERS = 200;

export interface HubAccess {
  readonly endpoint: URL;
  readonly http: Http;
  readonly explain: Explain;
}

/** @throws AlphaLoraError `INVALID_OPTION` when the endpoint is no address */
export function accessTo(
  reference: HubReference,
  { endpoint: text = 'https://huggingface.co', token, signal: _, ...http }: HubOptions,
): HubAccess {
  const endpoint = URL.canParse(text) ? new URL(text) : undefined;
  if (!endpoint || !/^https?:$/.test(endpoint.protocol)) {
    throw new AlphaLoraError('INVALID_OPTION', `the hub's address ${text} is no http(s) address`);
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'the token for the hub has characters that none has',
    );
  }
  const credentials = token === undefined ? undefined : { origin: endpoint.origin, token };
  return {
    endpoint,
    http: { ...http, credentials },
    explain: explainHub(reference, { endpoint, hasToken: token !== undefined }),
  };
}

/**
 * Resolves a reference to a commit and lists its files. Downloads nothing else.
 *
 * @param text `hf://org/name[@revision][/subfolder]`
 * @throws AlphaLoraError `INVALID_OPTION` for what is no reference, `NOT_FOUND` for an unknown
 *   repository, revision or subfolder, `IO_FAILED` when the hub refuses or cannot be reached
 */
export async function resolveHubModel(text: string, options: HubOptions = {}): Promise<HubModel> {
  const reference = parseHubReference(text);
  const access = accessTo(reference, options);
  const { repository, revision, subfolder } = reference;
  const { listFiles, modelInfo } = await import('@huggingface/hub');
  const hub = callsOf(text, access, options.signal);
  return understood(text, options.signal, async () => {
    const { sha } = isCommit(revision)
      ? { sha: revision }
      : await modelInfo({ name: repository, revision, additionalFields: ['sha'], ...hub });
    if (typeof sha !== 'string' || !isCommit(sha)) throw new Error(`${sha} is no commit`);
    const path = subfolder.split('/').map(encodeURIComponent).join('/');
    const files: HubFile[] = [];
    for await (const entry of listFiles({ repo: repository, revision: sha, path, ...hub })) {
      if (entry.type === 'file') files.push(checked(entry, subfolder));
    }
    const pinned = formatHubReference({ ...reference, revision: sha });
    return { reference, commit: sha, pinned, files };
  });
}

/** Paths of all files in the subfolder and below it, without that of the subfolder. */
export async function listBelow(
  { reference, commit, pinned }: HubModel,
  options: HubOptions,
): Promise<string[]> {
  const access = accessTo(reference, options);
  const { repository, subfolder } = reference;
  const { listFiles } = await import('@huggingface/hub');
  const hub = callsOf(pinned, access, options.signal);
  return understood(pinned, options.signal, async () => {
    const path = subfolder.split('/').map(encodeURIComponent).join('/');
    const given = { repo: repository, revision: commit, path, recursive: true };
    const paths: string[] = [];
    for await (const entry of listFiles({ ...given, ...hub })) {
      if (entry.type === 'file')
        paths.push(entry.path.slice(subfolder === '' ? 0 : subfolder.length + 1));
    }
    return paths;
  });
}

/** How the library reaches the hub. */
function callsOf(
  text: string,
  access: HubAccess,
  signal: AbortSignal | undefined,
): { hubUrl: string; fetch: typeof fetch } {
  const hubUrl = access.endpoint.href.replace(/\/+$/, '');
  return { hubUrl, fetch: boundedFetch(text, access, signal) };
}

/** What the library or this file makes of an answer that is none. */
async function understood<Result>(
  text: string,
  signal: AbortSignal | undefined,
  ask: () => Promise<Result>,
): Promise<Result> {
  try {
    return await ask();
  } catch (cause) {
    // Whatever was given as the reason, also an error of any class.
    signal?.throwIfAborted();
    if (!(cause instanceof Error) || isAlphaLoraError(cause)) throw cause;
    throw new AlphaLoraError(
      'IO_FAILED',
      `${text}: the hub's answer is not understood (${cause.message}); try again later`,
      { cause },
    );
  }
}

function checked(
  entry: { path: string; size: number; oid?: string; lfs?: { oid: string; size: number } },
  subfolder: string,
): HubFile {
  const { path, lfs, oid = '' } = entry;
  const byteLength = lfs?.size ?? entry.size;
  const prefix = subfolder === '' ? '' : `${subfolder}/`;
  // Names and digests become paths of a cache.
  const sound =
    typeof path === 'string' &&
    path.startsWith(prefix) &&
    /^(?!\.{1,2}$)[^/\\\0]+$/.test(path.slice(prefix.length)) &&
    Number.isSafeInteger(byteLength) &&
    byteLength >= 0 &&
    (lfs ? /^[0-9a-f]{64}$/.test(lfs.oid) : /^[0-9a-f]{40}$/.test(oid));
  if (!sound) throw new Error(`a file it lists is ${JSON.stringify(entry).slice(0, 200)}`);
  return { path, byteLength, oid, ...(lfs && { sha256: lfs.oid }) };
}

/**
 * A `fetch` for small answers, which are handed on when they are complete: of one model, as it counts
 * what they bring together.
 */
function boundedFetch(
  name: string,
  { http, explain }: HubAccess,
  signal: AbortSignal | undefined,
): typeof fetch {
  let answers = 0;
  let total = 0;
  const tooMuch = (what: string): AlphaLoraError =>
    new AlphaLoraError(
      'IO_FAILED',
      `${name}: the hub says more than ${what} about this model, and it may have no end; try again later`,
    );
  return async (input, init) => {
    if (++answers > MOST_ANSWERS) throw tooMuch(`${MOST_ANSWERS} pages`);
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = Object.fromEntries(new Headers(init?.headers));
    return withRetries(
      () =>
        exchange(url, { headers, signal }, http, async (answer) => {
          if (answer.status !== 200) throw explain(answer, name);
          const pieces: BlobPart[] = [];
          let size = 0;
          for await (const chunk of answer.chunks()) {
            size += chunk.byteLength;
            total += chunk.byteLength;
            if (total > MOST_BYTES) throw tooMuch(`${MOST_BYTES} bytes`);
            pieces.push(chunk as BlobPart);
          }
          const body = new Blob(pieces);
          const length = answer.headers.get('content-length');
          if (length !== null && !answer.headers.has('content-encoding') && Number(length) > size) {
            throw new PassingFailure(`the connection ended after ${size} of ${length} bytes`);
          }
          return new Response(body, { headers: answer.headers });
        }),
      `cannot ask ${url.host} about ${name}`,
      http,
      signal,
    );
  };
}

/**
 * Checkpoints that lie elsewhere: a model on a hub, or one file of weights at an address. Headers are
 * read to open them, and tensors by ranges when they are asked for; nothing is written to disk.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { Adapter } from '../adapter/read.js';
import { type Checkpoint, type CheckpointOptions, readCheckpoint } from '../checkpoint.js';
import { anyExtension, formatOfName, numberedFiles } from '../formats/names.js';
import { type Folder, openAdapterFolder, openFolder } from '../sources/folder.js';
import { plainName } from '../sources/plain-name.js';
import { type Http, shown } from './exchange.js';
import { probe, type RemoteReference, rangeSource } from './range-source.js';
import { formatHubReference, parseHubReference } from './reference.js';
import { explainUrl } from './refusals.js';
import {
  accessTo,
  type HubFile,
  type HubModel,
  type HubOptions,
  resolveHubModel,
} from './repository.js';

/** Takes files from this machine in place of the hub, e.g. from a cache. */
export interface LocalFiles {
  /**
   * @param remote the file on the hub
   * @returns undefined where the file is to be read from the hub
   */
  open(
    model: HubModel,
    file: HubFile,
    remote: ByteSource,
    signal?: AbortSignal,
  ): Promise<ByteSource | undefined>;
}

export interface HubOpenOptions extends HubOptions, CheckpointOptions {
  local?: LocalFiles;
}

/**
 * Opens a model, or an adapter, on a hub. Its `source` names the commit that the revision stood for.
 *
 * @param reference `hf://org/name[@revision][/subfolder]`, and the name of one file of weights where it
 *   is one of several models there
 * @throws AlphaLoraError as {@link resolveHubModel} and for a folder on disk; reading throws
 *   `IO_FAILED` when the connection fails for good or the file changes
 */
export async function openHubCheckpoint(
  reference: string,
  options: HubOpenOptions = {},
): Promise<Checkpoint> {
  const { adapter, splitFused = false, signal } = options;
  const given = { ...(signal && { signal }), ...(adapter && { adapter }) };
  try {
    return await openFolder(await hubFolder(reference, options), { splitFused, ...given });
  } catch (error) {
    await adapter?.close?.();
    throw error;
  }
}

/**
 * Opens a LoRA adapter on a hub, to be added to a base.
 *
 * @throws AlphaLoraError as {@link openHubCheckpoint}
 */
export async function openHubAdapter(
  reference: string,
  options: HubOptions & Pick<HubOpenOptions, 'local'> = {},
): Promise<Adapter> {
  const { signal } = options;
  return openAdapterFolder(await hubFolder(reference, options), signal && { signal });
}

async function hubFolder(
  text: string,
  { local, ...options }: HubOptions & Pick<HubOpenOptions, 'local'>,
): Promise<Folder> {
  const { folder, file: only } = placeOf(text);
  const model = await resolveHubModel(folder, options);
  const { reference, commit, pinned } = model;
  const { endpoint, http, explain } = accessTo(reference, options);
  const files = new Map(model.files.map((file) => [plainName(file.path), file]));
  return {
    name: only === undefined ? pinned : `${pinned}/${only}`,
    names: only === undefined ? [...files.keys()] : (numberedFiles(only)?.names ?? [only]),
    async open(name) {
      const file = files.get(name);
      if (!file) {
        throw new AlphaLoraError('NOT_FOUND', `${pinned} has no file ${name}`, {
          details: { file: name },
        });
      }
      const { path, byteLength, sha256, oid } = file;
      const encoded = path.split('/').map(encodeURIComponent).join('/');
      const remote = rangeSource(
        {
          name: `${pinned}/${name}`,
          url: new URL(`${reference.repository}/resolve/${commit}/${encoded}`, slashed(endpoint)),
          byteLength,
          // A hub vouches for its own content only.
          identity: `${endpoint.origin} ${sha256 ? `sha256:${sha256}` : `git:${oid}`}`,
          ...(sha256 && { sha256 }),
          model: pinned,
        },
        http,
        explain,
      );
      return (await local?.open(model, file, remote, options.signal)) ?? remote;
    },
  };
}

/** A reference may name one file of weights, such as one of several quantizations. */
function placeOf(text: string): { folder: string; file?: string } {
  const reference = parseHubReference(text);
  const path = reference.subfolder.split('/');
  const file = path.at(-1)!;
  if (!formatOfName(file)) return { folder: text };
  const subfolder = path.slice(0, -1).join('/');
  return { folder: formatHubReference({ ...reference, subfolder }), file };
}

/**
 * Opens a file again, by the reference of its source, without asking for anything: the first reading
 * tells whether it is still the same.
 */
export function remoteSourceAgain(
  { url, kind: _, ...file }: RemoteReference,
  options: HubOptions = {},
): ByteSource {
  const { http, explain } =
    file.model === undefined
      ? { http: addressAccess(options), explain: explainUrl }
      : accessTo(parseHubReference(file.model), options);
  return rangeSource({ ...file, url: new URL(url) }, http, explain);
}

function slashed(url: URL): URL {
  return url.pathname.endsWith('/') ? url : new URL(`${url.href}/`);
}

export interface UrlOpenOptions extends Http, CheckpointOptions {}

/**
 * Opens one file of weights at an address. Its `source` is the address without its query, which may
 * hold a secret.
 *
 * @throws AlphaLoraError `INVALID_OPTION` for another address than http(s), `NOT_FOUND`, `IO_FAILED`
 *   when the server refuses or does not serve ranges, and as `readCheckpoint`
 */
export async function openUrlCheckpoint(
  address: string,
  { adapter, splitFused = false, signal, ...http }: UrlOpenOptions = {},
): Promise<Checkpoint> {
  try {
    const url = requireAddress(address);
    const name = shown(url);
    const { byteLength, validator, head } = await probe({ url, name }, http, explainUrl, signal);
    // Weak validators allow for other bytes.
    const isStrong = validator?.startsWith('"');
    const source = rangeSource(
      {
        name,
        url,
        byteLength,
        ...defined({ validator }),
        ...(isStrong && { identity: `${url.href} ${validator} ${byteLength}` }),
      },
      http,
      explainUrl,
      head,
    );
    return await readCheckpoint(
      { files: [source], name },
      { splitFused, ...(signal && { signal }), ...(adapter && { adapter }) },
    );
  } catch (error) {
    await adapter?.close?.();
    throw error;
  }
}

/** The token goes to files of the hub, which have addresses too. */
function addressAccess({
  endpoint = 'https://huggingface.co',
  token,
  signal: _,
  ...http
}: HubOptions): Http {
  if (token === undefined || !URL.canParse(endpoint)) return http;
  return { ...http, credentials: { origin: new URL(endpoint).origin, token } };
}

function requireAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const refuse = (what: string): never => {
    throw new AlphaLoraError('INVALID_OPTION', `${url ? shown(url) : address}: ${what}`);
  };
  if (!url || !/^https?:$/.test(url.protocol)) return refuse('no http(s) address');
  if (url.username !== '' || url.password !== '') {
    refuse('passwords in addresses are not sent; download the file and give its path');
  }
  const [, organisation, model, ...rest] = url.pathname.split('/');
  if (url.hostname === 'huggingface.co' && model && !rest.includes('resolve')) {
    refuse(`a page, not a file; give hf://${organisation}/${model}`);
  }
  if (!formatOfName(url.pathname)) {
    refuse(
      `an address must be that of one ${anyExtension()} file; models on the hub are named hf://org/name`,
    );
  }
  return url;
}

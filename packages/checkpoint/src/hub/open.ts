/**
 * Models and adapters on a hub. Headers are
 * read to open them, and tensors by ranges when they are asked for; nothing is written to disk.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { Adapter } from '../adapter/adapter.js';
import type { Checkpoint, CheckpointOptions } from '../checkpoint.js';
import { isNameOfWeights } from '../formats/names.js';
import { type Folder, openAdapterFolder, openFolder, openInFolder } from '../sources/folder.js';
import { plainName } from '../sources/plain-name.js';
import type { Http } from './exchange.js';
import { type RemoteReference, rangeSource } from './range-source.js';
import { formatHubReference, parseHubReference } from './reference.js';
import { explainUrl } from './refusals.js';
import {
  accessTo,
  type HubFile,
  type HubModel,
  type HubOptions,
  listBelow,
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
  const { adapter, cast, splitFused = false, signal } = options;
  const given = { splitFused, ...defined({ adapter, cast, signal }) };
  try {
    const { folder: place, file } = placeOf(reference);
    const folder = await hubFolder(place, options);
    if (file === undefined) return await openFolder(folder, given);
    return await openInFolder(folder, file, { ...given, name: `${folder.name}/${file}` });
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

/**
 * The files of a model on a hub, such as its tokenizer; opened, they are read from there.
 *
 * @throws AlphaLoraError as {@link resolveHubModel}
 */
export async function openHubFolder(
  reference: string,
  options: HubOptions & Pick<HubOpenOptions, 'local'> = {},
): Promise<Folder> {
  return hubFolder(reference, options);
}

/**
 * Opens files that lie beside a model's weights, through `local` as everything else, and closes them.
 *
 * @param names those that are not there are left out
 * @throws AlphaLoraError as {@link resolveHubModel}
 */
export async function openBeside(
  reference: string,
  names: readonly string[],
  options: HubOptions & Pick<HubOpenOptions, 'local'>,
): Promise<void> {
  const folder = await hubFolder(placeOf(reference).folder, options);
  for (const name of names.filter((each) => folder.names.includes(each))) {
    await (await folder.open(name)).close?.();
  }
}

async function hubFolder(
  text: string,
  { local, ...options }: HubOptions & Pick<HubOpenOptions, 'local'>,
): Promise<Folder> {
  const model = await resolveHubModel(text, options);
  const { reference, commit, pinned } = model;
  const { endpoint, http, explain } = accessTo(reference, options);
  const files = new Map(model.files.map((file) => [plainName(file.path), file]));
  return {
    name: pinned,
    names: [...files.keys()],
    below: () => listBelow(model, options),
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

/** A reference may name one file of weights, such as one of several quantizations, or an index. */
function placeOf(text: string): { folder: string; file?: string } {
  const reference = parseHubReference(text);
  const path = reference.subfolder.split('/');
  const file = path.at(-1)!;
  if (!isNameOfWeights(file) && !file.endsWith('.json')) return { folder: text };
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

/**
 * Models at an http(s) address: one file, or several that lie side by side. Headers are read to open them,
 * and tensors by ranges when they are asked for.
 */
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import type { ByteSource } from '@alphalora/contracts/weights';
import type { Checkpoint, CheckpointOptions } from '../checkpoint.js';
import { anyExtension, isNameOfWeights, numberedFiles } from '../formats/names.js';
import { type Folder, openInFolder } from '../sources/folder.js';
import { plainName } from '../sources/plain-name.js';
import { type Http, shown } from './exchange.js';
import { probe, rangeSource } from './range-source.js';
import { explainUrl } from './refusals.js';

export interface UrlOpenOptions extends Http, CheckpointOptions {}

/**
 * Opens a file of weights at an address; or all that are numbered as it is, or that an index at the address
 * lists, which lie beside it. Its `source` is the address without its query, which may hold a secret.
 *
 * @throws AlphaLoraError `INVALID_OPTION` for another address than http(s), `NOT_FOUND`, `IO_FAILED`
 *   when the server refuses or does not serve ranges, and as `readCheckpoint`
 */
export async function openUrlCheckpoint(
  address: string,
  { adapter, cast, splitFused = false, signal, ...http }: UrlOpenOptions = {},
): Promise<Checkpoint> {
  try {
    const url = requireAddress(address);
    const file = fileOf(url);
    const folder = await addressFolder(url, http, signal);
    const given = { splitFused, ...defined({ adapter, cast, signal }) };
    return await openInFolder(folder, file, { ...given, name: shown(url) });
  } catch (error) {
    await adapter?.close?.();
    throw error;
  }
}

/** What lies beside a file at an address: servers list nothing, so that only what belongs to it is known. */
async function addressFolder(
  url: URL,
  http: Http,
  signal: AbortSignal | undefined,
): Promise<Folder> {
  const file = fileOf(url);
  const open = (name: string): Promise<ByteSource> =>
    sourceAt(name === file ? url : beside(url, name), inFolder(url, name), http, signal);
  if (!file.endsWith('.json'))
    return { name: shown(url), names: numberedFiles(file)?.names ?? [file], open };
  const config = await open('config.json').catch((error: unknown) => {
    if (isAlphaLoraError(error) && isAbsent(error.details['status'])) return undefined;
    throw error;
  });
  return {
    name: shown(url),
    names: [file, ...(config ? ['config.json'] : [])],
    open: async (name) => (name === 'config.json' && config ? config : open(name)),
  };
}

/** Stores that list nothing refuse what is not there. */
function isAbsent(status: unknown): boolean {
  return [403, 404, 410].includes(status as number);
}

function fileOf({ pathname }: URL): string {
  const name = plainName(pathname);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** For messages; ends in the plain name, as an index has it. */
function inFolder(url: URL, name: string): string {
  return shown(url).replace(/[^/]*$/, () => name);
}

/** The query stays: it may say for whom the files are. */
function beside(url: URL, name: string): URL {
  const other = new URL(url);
  other.pathname = url.pathname.replace(/[^/]*$/, encodeURIComponent(name));
  return other;
}

async function sourceAt(
  url: URL,
  name: string,
  http: Http,
  signal: AbortSignal | undefined,
): Promise<ByteSource> {
  const { byteLength, validator, head } = await probe({ url, name }, http, explainUrl, signal);
  // Weak validators allow for other bytes.
  const isStrong = validator?.startsWith('"');
  return rangeSource(
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
  const file = fileOf(url);
  if (!isNameOfWeights(file) && !file.endsWith('.json')) {
    refuse(
      `an address must be that of one ${anyExtension()} file, or of an index of several; models on the hub are named hf://org/name`,
    );
  }
  return url;
}

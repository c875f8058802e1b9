/** Opens models on a hub and at addresses. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type HttpOptions,
  openHubAdapter,
  openHubCheckpoint,
  openUrlCheckpoint,
} from '@alphalora/checkpoint/hub';
import {
  type Adapter,
  type Checkpoint,
  hubCache,
  openAdapter,
  openCachedAdapter,
  openCachedCheckpoint,
  openCheckpoint,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { RemoteSettings } from './environment.js';
import { isAddress, isOnHub, type ModelAccess, type ModelOptions } from './open.js';
import { proxiedFetch } from './proxy.js';

/** Shorter waits are not worth a line. */
const NOTICED_WAIT_MS = 5000;

type RemoteOptions = ModelOptions & ModelAccess & { remote: RemoteSettings };

export async function openRemoteModel(model: string, options: RemoteOptions): Promise<Checkpoint> {
  const { adapter: adapterName, splitFused = false, signal, remote } = options;
  const offline = options.offline || remote.offline || false;
  requireConsistent(model, { ...options, offline });
  const cache = remote.cache ?? join(homedir(), '.cache', 'huggingface', 'hub');
  const ways = { remote, cache, offline, http: await httpOptions(options), options };
  const adapter = adapterName === undefined ? undefined : await openAnyAdapter(adapterName, ways);
  const given = { splitFused, ...(signal && { signal }), ...(adapter && { adapter }) };
  if (isAddress(model)) return openAtAddress(model, given, ways);
  if (!isOnHub(model)) return openCheckpoint(model, given);
  return offline
    ? explained(() => openCachedCheckpoint(model, { ...given, folder: cache }))
    : openHubCheckpoint(model, { ...given, ...hubOptions(ways) });
}

interface Ways {
  remote: RemoteSettings;
  /** Folder of the hub's cache. */
  cache: string;
  offline: boolean;
  http: HttpOptions;
  options: RemoteOptions;
}

async function openAnyAdapter(name: string, ways: Ways): Promise<Adapter> {
  const { cache, offline, options } = ways;
  const { signal } = options;
  if (!isOnHub(name)) return openAdapter(name, signal && { signal });
  return offline
    ? explained(() => openCachedAdapter(name, cache))
    : openHubAdapter(name, { ...hubOptions(ways), ...(signal && { signal }) });
}

async function openAtAddress(
  address: string,
  given: { splitFused: boolean; signal?: AbortSignal; adapter?: Adapter },
  { remote, http, options }: Ways,
): Promise<Checkpoint> {
  const { endpoint = 'https://huggingface.co', token } = remote;
  const { validator } = options;
  return openUrlCheckpoint(address, {
    ...given,
    ...http,
    ...defined({ validator }),
    // Files of the hub have addresses too.
    ...(token !== undefined &&
      URL.canParse(endpoint) && { credentials: { origin: new URL(endpoint).origin, token } }),
  });
}

function hubOptions({ remote, cache, http, options }: Ways) {
  const { endpoint, token } = remote;
  const { download = false, onDownload } = options;
  const onProgress = onDownload && { onProgress: onDownload };
  return {
    ...http,
    local: hubCache({ folder: cache, download, ...onProgress }),
    ...defined({ endpoint, token }),
  };
}

async function httpOptions({ remote, received, onNotice }: RemoteOptions): Promise<HttpOptions> {
  const fetch = remote.proxies && (await proxiedFetch(remote.proxies));
  const counter = received && new BigInt64Array(received);
  return {
    ...(fetch && { fetch }),
    ...(counter && { onBytes: (count) => void Atomics.add(counter, 0, BigInt(count)) }),
    ...(onNotice && {
      onWait: (wait, reason) => {
        if (wait >= NOTICED_WAIT_MS) onNotice(`waiting ${Math.ceil(wait / 1000)} s: ${reason}`);
      },
    }),
  };
}

/** @throws AlphaLoraError `INVALID_OPTION` */
function requireConsistent(model: string, { offline, download }: ModelOptions): void {
  const refuse = (what: string): never => {
    throw new AlphaLoraError('INVALID_OPTION', what);
  };
  if (offline && download)
    refuse('--download needs a connection: leave out --offline (or HF_HUB_OFFLINE)');
  if (offline && isAddress(model))
    refuse(`${model} needs a connection: download the file and give its path`);
  if (download && !isOnHub(model)) refuse(`--download goes with hf://, not with ${model}`);
}

/** Says by which option the cache is filled. */
async function explained<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof AlphaLoraError) || error.code !== 'NOT_FOUND') throw error;
    throw new AlphaLoraError('NOT_FOUND', `${error.message}, with --download`, {
      details: error.details,
      cause: error,
    });
  }
}

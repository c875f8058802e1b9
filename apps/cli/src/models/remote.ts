/** Opens models on a hub and at addresses, as the environment and the options say. */
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
import { AlphaLoraError } from '@alphalora/contracts';
import { type HubEnvironment, hubEnvironment } from './environment.js';
import { isAddress, isOnHub, type ModelOptions } from './open.js';
import { proxiedFetch } from './proxy.js';

/** Shorter waits are not worth a line. */
const NOTICED_WAIT_MS = 5000;

export async function openRemoteModel(model: string, options: ModelOptions): Promise<Checkpoint> {
  const { adapter: adapterName, splitFused = false, signal } = options;
  const environment = await hubEnvironment(process.env);
  const offline = options.offline || environment.offline;
  requireConsistent(model, { ...options, offline });
  const ways = { environment, offline, http: await httpOptions(options), options };
  const adapter = adapterName === undefined ? undefined : await openAnyAdapter(adapterName, ways);
  const given = { splitFused, ...(signal && { signal }), ...(adapter && { adapter }) };
  if (isAddress(model)) return openAtAddress(model, given, ways);
  if (!isOnHub(model)) return openCheckpoint(model, given);
  const { cache: folder } = environment;
  return offline
    ? explained(() => openCachedCheckpoint(model, { ...given, folder }))
    : openHubCheckpoint(model, { ...given, ...hubOptions(ways) });
}

interface Ways {
  environment: HubEnvironment;
  offline: boolean;
  http: HttpOptions;
  options: ModelOptions;
}

async function openAnyAdapter(name: string, ways: Ways): Promise<Adapter> {
  const { environment, offline, options } = ways;
  const { signal } = options;
  if (!isOnHub(name)) return openAdapter(name, signal && { signal });
  return offline
    ? explained(() => openCachedAdapter(name, environment.cache))
    : openHubAdapter(name, { ...hubOptions(ways), ...(signal && { signal }) });
}

async function openAtAddress(
  address: string,
  given: { splitFused: boolean; signal?: AbortSignal; adapter?: Adapter },
  { environment, http, options }: Ways,
): Promise<Checkpoint> {
  const { endpoint = 'https://huggingface.co', token } = environment;
  const { validator } = options;
  return openUrlCheckpoint(address, {
    ...{ ...given, ...http },
    ...(validator !== undefined && { validator }),
    // Files of the hub have addresses too.
    ...(token !== undefined &&
      URL.canParse(endpoint) && { credentials: { origin: new URL(endpoint).origin, token } }),
  });
}

function hubOptions({ environment, http, options }: Ways) {
  const { endpoint, token, cache } = environment;
  const { download = false, onDownload } = options;
  const onProgress = onDownload && { onProgress: onDownload };
  return {
    ...{ ...http, local: hubCache({ folder: cache, download, ...onProgress }) },
    ...(endpoint !== undefined && { endpoint }),
    ...(token !== undefined && { token }),
  };
}

async function httpOptions({ received, onNotice }: ModelOptions): Promise<HttpOptions> {
  const fetch = await proxiedFetch(process.env);
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

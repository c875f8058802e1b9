/** Models and adapters on a hub, or in its cache: `hf://org/name[@revision][/subfolder]`. */
import { openHubAdapter, openHubCheckpoint, openHubFolder } from '@alphalora/checkpoint/hub';
import {
  downloadModel,
  hubCache,
  openCachedAdapter,
  openCachedCheckpoint,
  openCachedFolder,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined, isAlphaLoraError } from '@alphalora/contracts';
import type { ModelSource, SourceOptions } from './source.js';

export const hub: ModelSource = {
  form: 'hf://org/name',
  connection: 'unless cached',
  async open(model, options) {
    const { splitFused, cast, adapter, signal } = options;
    const { offline, cache: folder } = await options.network();
    const given = { splitFused, ...defined({ cast, adapter, signal }) };
    const checkpoint = await (offline
      ? explained(() => openCachedCheckpoint(model, { ...given, folder }))
      : openHubCheckpoint(model, { ...given, ...(await hubOptions(options)) }));
    return { checkpoint, pinned: checkpoint.source };
  },
  async openFolder(model, options) {
    const { signal } = options;
    const { offline, cache } = await options.network();
    return offline
      ? explained(() => openCachedFolder(model, cache))
      : openHubFolder(model, { ...(await hubOptions(options)), ...(signal && { signal }) });
  },
  async onDisk(model, { network, onStart, onDownload, signal }) {
    const { offline, cache: folder, settings, http } = await network();
    const { endpoint, token } = settings;
    const told = defined({ endpoint, token, signal, onStart, onProgress: onDownload });
    return downloadModel(model, { ...http, folder, offline, ...told });
  },
  async openAdapter(adapter, options) {
    const { signal } = options;
    const { offline, cache } = await options.network();
    return offline
      ? explained(() => openCachedAdapter(adapter, cache))
      : openHubAdapter(adapter, { ...(await hubOptions(options)), ...(signal && { signal }) });
  },
};

async function hubOptions({ network, download, onDownload }: SourceOptions) {
  const { settings, cache, http } = await network();
  const { endpoint, token } = settings;
  const onProgress = onDownload && { onProgress: onDownload };
  return {
    ...http,
    local: hubCache({ folder: cache, download, ...onProgress }),
    ...defined({ endpoint, token }),
  };
}

/** Says by which option the cache is filled. */
async function explained<Opened>(open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await open();
  } catch (error) {
    if (!isAlphaLoraError(error, 'NOT_FOUND')) throw error;
    throw new AlphaLoraError('NOT_FOUND', `${error.message}, with --download`, {
      details: error.details,
      cause: error,
    });
  }
}

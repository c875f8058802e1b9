/** A model for programs that take a folder: on this machine, after a download where it is needed. */
import type { Downloading } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { sourceOf } from '../sources/index.js';
import { openNetwork } from '../sources/network.js';
import type { DownloadStart, ModelOnDisk } from '../sources/source.js';
import type { RemoteSettings } from './environment.js';

export interface OnDiskOptions {
  /** Without any connection: from the hub's cache. @default false */
  offline?: boolean;
  /** How the hub is reached; asked for when the model is not on this machine. */
  remote?: RemoteSettings | (() => Promise<RemoteSettings>);
  /** Before anything is downloaded. */
  onStart?: (start: DownloadStart) => void;
  onDownload?: (progress: Downloading) => void;
  /** Is told what makes it wait. */
  onNotice?: (text: string) => void;
  signal?: AbortSignal;
}

/**
 * @param model a path, which is taken as it is, or an address with the scheme of one of the `sources`
 * @throws AlphaLoraError as its source does; `NOT_FOUND` for an unknown scheme, `INVALID_OPTION` for a
 *   source that keeps no models
 */
export async function modelOnDisk(
  model: string,
  options: OnDiskOptions = {},
): Promise<ModelOnDisk> {
  const { onStart, onDownload, signal } = options;
  const source = await sourceOf(model);
  if (!source.onDisk) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${model}: a model that runs is read from this machine or from hf://org/name; download it with its tokenizer and give the folder`,
    );
  }
  return source.onDisk(model, {
    network: () => openNetwork(options),
    ...defined({ onStart, onDownload, signal }),
  });
}

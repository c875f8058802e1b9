/** How sources reach what is not on this machine: settings, proxies, and the count of what arrives. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { HttpOptions } from '@alphalora/checkpoint/hub';
import type { RemoteSettings } from '../models/environment.js';
import { proxiedFetch } from './proxy.js';
import type { Network } from './source.js';

/** Shorter waits are not worth a line. */
const NOTICED_WAIT_MS = 5000;

export interface NetworkOptions {
  remote?: RemoteSettings | (() => Promise<RemoteSettings>);
  offline?: boolean;
  /** A BigInt64 that counts the bytes that arrive. */
  received?: SharedArrayBuffer;
  /** Is told what makes it wait. */
  onNotice?: (text: string) => void;
}

export async function openNetwork(options: NetworkOptions): Promise<Network> {
  const { remote = {} } = options;
  const settings = typeof remote === 'function' ? await remote() : remote;
  return {
    settings,
    cache: settings.cache ?? join(homedir(), '.cache', 'huggingface', 'hub'),
    offline: options.offline || settings.offline || false,
    http: await httpOptions(settings, options),
  };
}

async function httpOptions(
  { proxies }: RemoteSettings,
  { received, onNotice }: NetworkOptions,
): Promise<HttpOptions> {
  const fetch = proxies && (await proxiedFetch(proxies));
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

/**
 * The environment variables of the hub's clients ("Environment variables" in the documentation of
 * huggingface_hub), so that who uses one is logged in for the other, and shares its cache; those of
 * proxies; and the place of our own cache. The environment is a parameter: a program decides whether
 * it counts.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readTextIfPresent } from '@alphalora/checkpoint/node';
import type { ProxySettings } from '../sources/proxy.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** How models that are not on this machine are reached; plain data, so that it can go to other threads. */
export interface RemoteSettings {
  /** Address of the hub. @default 'https://huggingface.co' */
  endpoint?: string;
  token?: string;
  /** Folder of the hub's cache. @default '~/.cache/huggingface/hub' */
  cache?: string;
  /** Whether there are no connections: from the cache only. */
  offline?: boolean;
  proxies?: ProxySettings;
}

/** @param env such as `process.env` */
export async function remoteSettings(env: Environment): Promise<RemoteSettings> {
  const general = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const home = env['HF_HOME'] || join(general, 'huggingface');
  const endpoint = env['HF_ENDPOINT'];
  const token =
    env['HF_TOKEN'] ||
    env['HUGGING_FACE_HUB_TOKEN'] ||
    (await readTextIfPresent(env['HF_TOKEN_PATH'] || join(home, 'token'))) ||
    '';
  const proxies = proxySettings(env);
  return {
    ...(endpoint && { endpoint }),
    ...(token.trim() !== '' && { token: token.trim() }),
    cache: env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub'),
    offline: /^(1|on|yes|true)$/i.test(env['HF_HUB_OFFLINE'] ?? ''),
    ...(proxies && { proxies }),
  };
}

/** @returns undefined where nothing asks for a proxy */
function proxySettings(env: Environment): ProxySettings | undefined {
  const of = (name: string): string => env[name] || env[name.toUpperCase()] || '';
  const [http, https, except] = [of('http_proxy'), of('https_proxy'), of('no_proxy')];
  return http || https ? { http, https, except } : undefined;
}

/** The platform's place for what can be computed again. @param env such as `process.env` */
export function defaultCacheFolder(env: Environment): string {
  const { platform } = process;
  if (env['ALPHALORA_CACHE']) return env['ALPHALORA_CACHE'];
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'alphalora');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'alphalora');
  if (platform === 'win32' && env['LOCALAPPDATA']) return join(env['LOCALAPPDATA'], 'alphalora');
  return join(homedir(), '.cache', 'alphalora');
}

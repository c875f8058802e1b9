/**
 * The environment variables of the hub's clients ("Environment variables" in the documentation of
 * huggingface_hub), so that who uses one is logged in for the other, and shares its cache.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readIfPresent } from '@alphalora/checkpoint/node';

export interface HubEnvironment {
  endpoint?: string;
  token?: string;
  /** Folder of the cache. */
  cache: string;
  offline: boolean;
}

export async function hubEnvironment(env: NodeJS.ProcessEnv): Promise<HubEnvironment> {
  const general = env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const home = env['HF_HOME'] || join(general, 'huggingface');
  const endpoint = env['HF_ENDPOINT'];
  const token =
    env['HF_TOKEN'] ||
    env['HUGGING_FACE_HUB_TOKEN'] ||
    (await readIfPresent(env['HF_TOKEN_PATH'] || join(home, 'token')))?.toString('utf8') ||
    '';
  return {
    ...(endpoint && { endpoint }),
    ...(token.trim() !== '' && { token: token.trim() }),
    cache: env['HF_HUB_CACHE'] || env['HUGGINGFACE_HUB_CACHE'] || join(home, 'hub'),
    offline: /^(1|on|yes|true)$/i.test(env['HF_HUB_OFFLINE'] ?? ''),
  };
}

/** The variables and their defaults are those that huggingface_hub documents. */
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { expect, it } from 'vitest';
import { remoteSettings } from './environment.js';

const root = temporaryFolder('environment');
const token = join(root, 'token');
writeFileSync(token, ' hf_filed\n');
const nowhere = join(root, 'nowhere');

it.each<[string, NodeJS.ProcessEnv, object]>([
  [
    'nothing',
    { HF_TOKEN_PATH: nowhere },
    { cache: join(homedir(), '.cache/huggingface/hub'), offline: false },
  ],
  [
    'XDG_CACHE_HOME',
    { XDG_CACHE_HOME: nowhere },
    { cache: join(nowhere, 'huggingface/hub'), offline: false },
  ],
  ['HF_HOME', { HF_HOME: root }, { cache: join(root, 'hub'), offline: false, token: 'hf_filed' }],
  ['HF_HUB_CACHE', { HF_HOME: nowhere, HF_HUB_CACHE: root }, { cache: root, offline: false }],
  [
    'HUGGINGFACE_HUB_CACHE',
    { HF_HOME: nowhere, HUGGINGFACE_HUB_CACHE: root },
    { cache: root, offline: false },
  ],
  ['HF_TOKEN before the file', { HF_HOME: root, HF_TOKEN: 'hf_given' }, { token: 'hf_given' }],
  ['HF_TOKEN_PATH', { HF_HOME: nowhere, HF_TOKEN_PATH: token }, { token: 'hf_filed' }],
  ['an empty HF_TOKEN', { HF_HOME: nowhere, HF_TOKEN: '' }, { token: undefined }],
  [
    'HF_ENDPOINT',
    { HF_HOME: nowhere, HF_ENDPOINT: 'http://mirror' },
    { endpoint: 'http://mirror' },
  ],
  ['HF_HUB_OFFLINE', { HF_HOME: nowhere, HF_HUB_OFFLINE: 'Yes' }, { offline: true }],
  ['HF_HUB_OFFLINE of 0', { HF_HOME: nowhere, HF_HUB_OFFLINE: '0' }, { offline: false }],
])('%s', async (_, env, found) => {
  const { token: given, ...rest } = await remoteSettings(env);
  expect({ token: given, ...rest }).toMatchObject(found);
});

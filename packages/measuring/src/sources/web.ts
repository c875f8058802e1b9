/** Models in one file at an http(s) address. */
import {
  openUrlCheckpoint,
  type RemoteReference,
  remoteSourceAgain,
} from '@alphalora/checkpoint/hub';
import { defined } from '@alphalora/contracts';
import type { ModelSource } from './source.js';

export const web: ModelSource = {
  form: 'https://...',
  connection: 'always',
  async open(address, { splitFused, cast, adapter, signal, network }) {
    const { settings, http } = await network();
    const { endpoint = 'https://huggingface.co', token } = settings;
    const checkpoint = await openUrlCheckpoint(address, {
      ...http,
      splitFused,
      ...defined({ cast, adapter, signal }),
      // Files of the hub have addresses too.
      ...(token !== undefined &&
        URL.canParse(endpoint) && { credentials: { origin: new URL(endpoint).origin, token } }),
    });
    return { checkpoint };
  },
  // Of a hub, too.
  async openFile(file, network) {
    const { settings, http } = await network();
    const { endpoint, token } = settings;
    return remoteSourceAgain(file as RemoteReference, { ...http, ...defined({ endpoint, token }) });
  },
};

/** Models in one file at an http(s) address. */
import { openUrlCheckpoint } from '@alphalora/checkpoint/hub';
import { defined } from '@alphalora/contracts';
import type { ModelSource } from './source.js';

export const web: ModelSource = {
  form: 'https://...',
  connection: 'always',
  async open(address, { splitFused, adapter, signal, validator: wanted, network }) {
    const { settings, http } = await network();
    const { endpoint = 'https://huggingface.co', token } = settings;
    const { validator, ...checkpoint } = await openUrlCheckpoint(address, {
      ...http,
      splitFused,
      ...(adapter && { adapter }),
      ...(signal && { signal }),
      ...defined({ validator: wanted }),
      // Files of the hub have addresses too.
      ...(token !== undefined &&
        URL.canParse(endpoint) && { credentials: { origin: new URL(endpoint).origin, token } }),
    });
    return { checkpoint, ...defined({ validator }) };
  },
};

/**
 * Where models come from, by the scheme of their address; what has none is a path. A source is loaded
 * when a model of it is opened. A further one is a file and a line here.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import { createRegistry, type Registry } from '@alphalora/contracts/extensions';
import type { ModelSource } from './source.js';

export const sources: Registry<ModelSource> = createRegistry<ModelSource>('source', {
  path: async () => (await import('./path.js')).path,
  hf: async () => (await import('./hub.js')).hub,
  https: async () => (await import('./web.js')).web,
  http: async () => (await import('./web.js')).web,
});

/** The name of the source of an address: `hf` for `hf://org/name`, `path` for what has no scheme. */
export function schemeOf(address: string): string {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address) ?? [];
  return scheme?.toLowerCase() ?? 'path';
}

/** @throws AlphaLoraError `NOT_FOUND` for an unknown scheme, with the addresses that there are */
export async function sourceOf(address: string): Promise<ModelSource> {
  const scheme = schemeOf(address);
  if (sources.has(scheme)) return sources.load(scheme);
  const known = await Promise.all(sources.names().map((name) => sources.load(name)));
  const forms = [...new Set(known.map(({ form }) => form))];
  const last = forms.pop();
  throw new AlphaLoraError(
    'NOT_FOUND',
    `${address}: models are read from ${forms.join(', ')} and ${last}; download it and give its folder`,
    { details: { source: scheme } },
  );
}

/** The registry that things of each kind join; loaded when it is needed. */
import type { ExtensionKind } from '@alphalora/plugins';

/** What joining takes: things have been checked before, whatever they are. */
interface Joinable {
  names(): readonly string[];
  has(name: string): boolean;
  add(name: string, load: () => never): void;
}

const registries: Readonly<Record<ExtensionKind, () => Promise<Joinable>>> = {
  estimators: async () => (await import('@alphalora/htsr-core')).estimators,
  metrics: async () => (await import('@alphalora/htsr-core')).metrics,
  engines: async () => (await import('@alphalora/measuring')).engines,
  formats: async () => (await import('@alphalora/checkpoint')).formats,
  sources: async () => (await import('@alphalora/measuring')).sources,
  exporters: async () => (await import('@alphalora/exporters')).exporters,
  routers: async () => (await import('@alphalora/molora-tfjs')).routers,
  losses: async () => (await import('@alphalora/molora-tfjs')).routerLosses,
  tasks: async () => (await import('@alphalora/molora-tfjs/tasks')).tasks,
};

export async function registryOf(kind: ExtensionKind): Promise<{
  names(): readonly string[];
  has(name: string): boolean;
  add(name: string, thing: object): void;
}> {
  const registry = await registries[kind]();
  return {
    names: () => registry.names(),
    has: (name) => registry.has(name),
    // Losses are functions, which cannot say what they are called.
    add: (name, thing) => registry.add(name, () => ('loss' in thing ? thing.loss : thing) as never),
  };
}

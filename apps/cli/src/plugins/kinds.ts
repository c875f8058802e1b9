/**
 * The kinds of things beside policies that may come from outside: how the configuration calls them,
 * what one must have, and the registry that it joins. A registry is loaded when it is needed.
 */

type Field = 'function' | 'object' | 'text' | 'texts';

/** What joining a registry takes: things have been checked before, whatever they are. */
interface Joinable {
  has(name: string): boolean;
  add(name: string, load: () => never): void;
}

export interface ExtensionKind {
  /** What messages call one of them. */
  readonly what: string;
  /** What it must have beside its name. */
  readonly fields: Readonly<Record<string, Field>>;
  registry(): Promise<Joinable>;
}

export type ExtensionKindName =
  | 'estimators'
  | 'metrics'
  | 'engines'
  | 'formats'
  | 'sources'
  | 'exporters'
  | 'tasks';

export const extensionKinds: Readonly<Record<ExtensionKindName, ExtensionKind>> = {
  estimators: {
    what: 'estimator',
    fields: { fit: 'function' },
    registry: async () => (await import('@alphalora/htsr-core')).estimators,
  },
  metrics: {
    what: 'metric',
    fields: { metrics: 'texts', compute: 'function' },
    registry: async () => (await import('@alphalora/htsr-core')).metrics,
  },
  engines: {
    what: 'engine',
    fields: { load: 'function', memory: 'function' },
    registry: async () => (await import('@alphalora/measuring')).engines,
  },
  formats: {
    what: 'format of weights',
    fields: { extensions: 'texts', sniff: 'function', read: 'function' },
    registry: async () => (await import('@alphalora/checkpoint')).formats,
  },
  sources: {
    what: 'source',
    fields: { form: 'text', connection: 'text', open: 'function' },
    registry: async () => (await import('@alphalora/measuring')).sources,
  },
  exporters: {
    what: 'format',
    fields: { kinds: 'texts', export: 'function' },
    registry: async () => (await import('@alphalora/exporters')).exporters,
  },
  tasks: {
    what: 'task',
    fields: { files: 'object', parse: 'function' },
    registry: async () => (await import('@alphalora/molora-tfjs/tasks')).tasks,
  },
};

export const extensionKindNames: readonly ExtensionKindName[] = Object.keys(
  extensionKinds,
) as ExtensionKindName[];

/** @returns what is wrong with a thing of that kind; undefined where it can be used */
export function fault(kind: ExtensionKindName, thing: unknown): string | undefined {
  const { what, fields } = extensionKinds[kind];
  if (typeof thing !== 'object' || thing === null) return `no ${what}, which is an object`;
  const found = thing as Readonly<Record<string, unknown>>;
  if (typeof found['name'] !== 'string') return `no ${what}: its name must be a text`;
  const wrong = Object.entries(fields).find(([field, type]) => !isOf(type, found[field]));
  return wrong && `no ${what}: its ${wrong[0]} must be ${words[wrong[1]]}`;
}

const words: Readonly<Record<Field, string>> = {
  function: 'a function',
  object: 'an object',
  text: 'a text',
  texts: 'a list of texts',
};

function isOf(type: Field, value: unknown): boolean {
  if (type === 'texts') {
    return Array.isArray(value) && value.every((each) => typeof each === 'string');
  }
  return typeof value === (type === 'text' ? 'string' : type) && value !== null;
}

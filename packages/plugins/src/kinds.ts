/**
 * The kinds of things beside policies that may come from outside: how the configuration calls them, how
 * messages call one of them, and what one must have beside its name.
 */
const shapes: Readonly<Record<ExtensionKind, Shape>> = {
  estimators: { what: 'estimator', fields: { fit: 'function' } },
  metrics: { what: 'metric', fields: { metrics: 'texts', compute: 'function' } },
  engines: { what: 'engine', fields: { load: 'function', memory: 'function' } },
  formats: {
    what: 'format of weights',
    fields: { extensions: 'texts', sniff: 'function', read: 'function' },
  },
  sources: { what: 'source', fields: { form: 'text', connection: 'text', open: 'function' } },
  exporters: { what: 'format', fields: { kinds: 'texts', export: 'function' } },
  routers: { what: 'router', fields: { create: 'function' } },
  losses: { what: 'router loss', fields: { loss: 'function' } },
  tasks: { what: 'task', fields: { files: 'object', parse: 'function' } },
};

interface Shape {
  readonly what: string;
  readonly fields: Readonly<Record<string, Field>>;
}

type Field = 'function' | 'object' | 'text' | 'texts';

/** As the configuration calls it, such as `estimators`. */
export type ExtensionKind =
  | 'estimators'
  | 'metrics'
  | 'engines'
  | 'formats'
  | 'sources'
  | 'exporters'
  | 'routers'
  | 'losses'
  | 'tasks';

export const extensionKinds: readonly ExtensionKind[] = Object.keys(shapes) as ExtensionKind[];

/** What messages call a thing of that kind, such as `estimator`. */
export function kindInWords(kind: ExtensionKind): string {
  return shapes[kind].what;
}

/** The functions that a thing of that kind must have. */
export function functionsOf(kind: ExtensionKind): readonly string[] {
  const { fields } = shapes[kind];
  return Object.keys(fields).filter((field) => fields[field] === 'function');
}

/** @returns what is wrong with a thing of that kind; undefined where it can be used */
export function fault(kind: ExtensionKind, thing: unknown): string | undefined {
  const { what, fields } = shapes[kind];
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

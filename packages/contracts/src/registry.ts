/**
 * What can be chosen by name, and added to: estimators, metrics, policies, exporters, ... Every kind
 * has one registry of this shape. Help texts, tables and messages list what is in it, so that nothing
 * goes stale when something is added.
 */
import { AlphaLoraError } from './errors.js';
import { nearest } from './nearest.js';

export interface Registry<Thing> {
  /** What messages call one of its things, such as `estimator`. */
  readonly kind: string;
  /** The names in the order in which they are listed; later ones were added later. */
  names(): readonly string[];
  has(name: string): boolean;
  /**
   * The thing of that name; its code is loaded when it is first asked for.
   *
   * @throws AlphaLoraError `NOT_FOUND` when there is none, with the names that there are
   */
  load(name: string): Promise<Thing>;
  /**
   * Adds a thing to choose from, for the whole program.
   *
   * @throws AlphaLoraError `INVALID_OPTION` when the name is taken, or is no name
   */
  add(name: string, load: () => Thing | Promise<Thing>): void;
}

/** A registry whose things are small, or needed where nothing can wait. */
export interface ReadyRegistry<Thing> extends Registry<Thing> {
  /** @throws AlphaLoraError `NOT_FOUND` when there is none, with the names that there are */
  get(name: string): Thing;
  add(name: string, load: () => Thing): void;
}

export interface RegistryOptions {
  /** How names are compared, where several spellings mean the same. @default as they are written */
  spelling?: (name: string) => string;
  /** What to say of a name that people look for here in vain. */
  elsewhere?: Readonly<Record<string, string>>;
}

type Loaders<Loaded> = Readonly<Record<string, () => Loaded>>;

/**
 * A registry of things that are loaded when they are asked for.
 *
 *     const estimators = createRegistry<TailEstimator>('estimator', {
 *       hill: async () => (await import('./hill.js')).hill(),
 *     });
 *     const estimator = await estimators.load('hill');
 */
export function createRegistry<Thing>(
  kind: string,
  builtIn: Loaders<Thing | Promise<Thing>>,
  options: RegistryOptions = {},
): Registry<Thing> {
  const names = createNames(kind, builtIn, options);
  return {
    ...names,
    load: async (name) => names.loader(name)(),
  };
}

/**
 * A registry of things that are there.
 *
 *     const routers = createReadyRegistry<RouterFactory>('router', { soft: () => soft });
 *     const router = routers.get('soft');
 */
export function createReadyRegistry<Thing>(
  kind: string,
  builtIn: Loaders<Thing>,
  options: RegistryOptions = {},
): ReadyRegistry<Thing> {
  const names = createNames(kind, builtIn, options);
  return {
    ...names,
    get: (name) => names.loader(name)(),
    load: async (name) => names.loader(name)(),
  };
}

function createNames<Loaded>(
  kind: string,
  builtIn: Loaders<Loaded>,
  { spelling = (name) => name, elsewhere = {} }: RegistryOptions,
) {
  const loaders = new Map(Object.entries(builtIn));
  const written = (name: string): string | undefined =>
    [...loaders.keys()].find((known) => spelling(known) === spelling(name));
  return {
    kind,
    names: (): readonly string[] => [...loaders.keys()],
    has: (name: string): boolean => written(name) !== undefined,
    loader(name: string): () => Loaded {
      const load = loaders.get(written(name) ?? '');
      if (load) return load;
      const known = [...loaders.keys()];
      const near = nearest(name, known);
      const hint = Object.hasOwn(elsewhere, name) ? elsewhere[name] : undefined;
      throw new AlphaLoraError(
        'NOT_FOUND',
        hint ??
          `unknown ${kind} ${JSON.stringify(name)}: ` +
            `${near === undefined ? '' : `did you mean ${near}? `}choose one of ${known.join(', ')}`,
        { details: { [kind]: name } },
      );
    },
    add(name: string, load: () => Loaded): void {
      if (!/^[a-z0-9]+(?:[-_.][a-z0-9]+)*$/i.test(name)) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `${JSON.stringify(name)} cannot be the name of a new ${kind}: take words of letters and digits, joined by hyphens`,
        );
      }
      const taken = written(name);
      if (taken !== undefined) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `the name "${taken}" is taken by another ${kind}`,
          { details: { [kind]: name } },
        );
      }
      loaders.set(name, load);
    },
  };
}

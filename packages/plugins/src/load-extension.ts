/** Things of others, other than policies: loaded where they are used, once it is known that they can be. */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { readConfiguration } from './configuration.js';
import { type ExtensionKind, fault, functionsOf, kindInWords } from './kinds.js';
import { importDefault } from './reference.js';
import { leaveOutExperimentalWarnings } from './warnings.js';

/** Where a thing of others lies; plain data. */
export interface Extension {
  readonly kind: ExtensionKind;
  /** What it calls itself. */
  readonly name: string;
  readonly place: ExtensionPlace;
}

export type ExtensionPlace =
  | { readonly reference: string; readonly folder: string }
  /** By value in a configuration. */
  | { readonly configuration: string; readonly index: number };

/**
 * The thing itself, to be added to its registry. Where one of its functions throws what nobody foresaw,
 * the error is `EXTENSION_FAILED` and names it.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when it cannot be loaded, or is none of the kind
 */
export async function loadExtension({ kind, name, place }: Extension): Promise<object> {
  leaveOutExperimentalWarnings();
  return blamed(await loadThing(kind, place), kind, name);
}

/** @throws AlphaLoraError `INVALID_OPTION` when it cannot be loaded, or is none of the kind */
export async function loadThing(
  kind: ExtensionKind,
  place: ExtensionPlace,
): Promise<{ name: string }> {
  const thing = await ('configuration' in place
    ? readConfiguration(place.configuration).then((all) => all.extensions[kind]?.[place.index])
    : importDefault({ what: `${kindInWords(kind)} ${place.reference}`, ...place }));
  const wrong = fault(kind, thing);
  if (wrong === undefined) return thing as { name: string };
  const where = placeInWords({ kind, place });
  throw new AlphaLoraError('INVALID_OPTION', `${where} is ${wrong}`);
}

/** For messages: where a thing lies. */
export function placeInWords({ kind, place }: Pick<Extension, 'kind' | 'place'>): string {
  return 'configuration' in place
    ? `configuration ${place.configuration}: ${kind}[${place.index}]`
    : `${kindInWords(kind)} ${place.reference}`;
}

/** The thing, which is named where one of its functions throws what nobody foresaw. */
function blamed(thing: object, kind: ExtensionKind, name: string): object {
  const what = kindInWords(kind);
  const own = thing as Record<string, unknown>;
  const failed = (cause: unknown): never => {
    if (isAlphaLoraError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AlphaLoraError('EXTENSION_FAILED', `${what} ${name} failed: ${why}`, { cause });
  };
  const wrapped = functionsOf(kind).map((field) => [
    field,
    (...args: unknown[]): unknown => {
      try {
        const answer = (own[field] as (...args: unknown[]) => unknown).apply(thing, args);
        return answer instanceof Promise ? answer.catch(failed) : answer;
      } catch (cause) {
        return failed(cause);
      }
    },
  ]);
  return Object.assign(Object.create(thing), Object.fromEntries(wrapped));
}

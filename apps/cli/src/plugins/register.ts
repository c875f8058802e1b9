/**
 * Adds things of others to the registries of the thread that this runs in: the program's own, and the
 * threads that measure, which get the list as plain data.
 */
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { readConfiguration } from './configuration.js';
import { type ExtensionKindName, extensionKinds, fault } from './kinds.js';
import { importDefault } from './reference.js';
import { leaveOutExperimentalWarnings } from './warnings.js';

/** Where a thing of others lies. */
export interface Extension {
  kind: ExtensionKindName;
  /** What it calls itself. */
  name: string;
  place:
    | { reference: string; folder: string }
    /** By value in a configuration. */
    | { configuration: string; index: number };
}

/** What has been added, as several models may be measured by one thread. */
const added = new Map<string, string>();

/**
 * @throws AlphaLoraError `INVALID_OPTION` when one cannot be loaded, or its name is taken
 */
export default async function register(extensions: readonly Extension[]): Promise<void> {
  for (const extension of extensions) {
    const { kind, name, place } = extension;
    const key = `${kind} ${name}`;
    if (added.get(key) === JSON.stringify(place)) continue;
    const thing = await loadExtension(kind, place);
    const registry = await extensionKinds[kind].registry();
    try {
      registry.add(name, () => blamed(thing, extension) as never);
    } catch (error) {
      if (!isAlphaLoraError(error)) throw error;
      const { code, message, details } = error;
      throw new AlphaLoraError(code, `${placeInWords(extension)}: ${message}`, { details });
    }
    added.set(key, JSON.stringify(place));
  }
}

/** @throws AlphaLoraError `INVALID_OPTION` when it cannot be loaded, or is none of the kind */
export async function loadExtension(
  kind: ExtensionKindName,
  place: Extension['place'],
): Promise<{ name: string }> {
  leaveOutExperimentalWarnings();
  const thing = await ('configuration' in place
    ? readConfiguration(place.configuration).then((all) => all.extensions[kind]?.[place.index])
    : importDefault({ what: `${extensionKinds[kind].what} ${place.reference}`, ...place }));
  const wrong = fault(kind, thing);
  if (wrong === undefined) return thing as { name: string };
  const where = placeInWords({ kind, place });
  throw new AlphaLoraError('INVALID_OPTION', `${where} is ${wrong}`);
}

/** The thing, which is named where one of its functions throws what nobody foresaw. */
function blamed(thing: object, { kind, name }: Extension): object {
  const { what, fields } = extensionKinds[kind];
  const own = thing as Record<string, unknown>;
  const failed = (cause: unknown): never => {
    if (isAlphaLoraError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AlphaLoraError('EXTENSION_FAILED', `${what} ${name} failed: ${why}`, { cause });
  };
  const functions = Object.keys(fields).filter((field) => fields[field] === 'function');
  const wrapped = functions.map((field) => [
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

function placeInWords({ kind, place }: Pick<Extension, 'kind' | 'place'>): string {
  return 'configuration' in place
    ? `configuration ${place.configuration}: ${kind}[${place.index}]`
    : `${extensionKinds[kind].what} ${place.reference}`;
}

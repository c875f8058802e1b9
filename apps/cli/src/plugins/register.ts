/**
 * Adds things of others to the registries of the thread that this runs in: the program's own, and the
 * threads that measure, which get the list as plain data.
 */
import { Console } from 'node:console';
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import { type Extension, loadExtension, placeInWords } from '@alphalora/plugins';
import { registryOf } from './registries.js';

/** What code of others prints must not mix with the result. */
function printsToStderr(): void {
  globalThis.console = new Console(process.stderr, process.stderr);
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
    printsToStderr();
    const thing = await loadExtension(extension);
    const registry = await registryOf(kind);
    try {
      registry.add(name, thing);
    } catch (error) {
      if (!isAlphaLoraError(error)) throw error;
      const { code, message, details } = error;
      throw new AlphaLoraError(code, `${placeInWords(extension)}: ${message}`, { details });
    }
    added.set(key, JSON.stringify(place));
  }
}

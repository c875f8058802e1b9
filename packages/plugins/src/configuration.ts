/**
 * What a configuration says: policies, other things to choose from, and defaults.
 *
 *     export default {
 *       policies: [policy, './mine.js', 'a-package'],
 *       policy: 'mine',
 *       set: { beta: 2 },
 *       estimators: ['./moments.js'],
 *     };
 *
 * It is read in the worker, because a script is run for that.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { type ExtensionKind, extensionKinds } from './kinds.js';
import { importDefault } from './reference.js';

export interface Configuration {
  /** Objects, paths and packages, not loaded or looked at yet. */
  policies: readonly unknown[];
  policy?: string;
  set?: Record<string, unknown>;
  /** Estimators, exporters, ...: objects, paths and packages too. */
  extensions: Partial<Record<ExtensionKind, readonly unknown[]>>;
}

/**
 * @param file absolute
 * @throws AlphaLoraError `INVALID_OPTION` naming the file and what is wrong in it
 */
export async function readConfiguration(file: string): Promise<Configuration> {
  const content = file.endsWith('.json')
    ? readJson(file)
    : await importDefault({
        what: `configuration ${file}`,
        reference: file,
        folder: dirname(file),
      });
  if (!isRecord(content)) throw wrong(file, 'it must be an object', content);
  const { policy, set, ...lists } = content;
  const known = ['policies', ...extensionKinds];
  const unknown = Object.keys(lists).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `configuration ${file}: "${unknown}" is none of ${['policy', 'set', ...known].join(', ')}`,
      { details: { file } },
    );
  }
  for (const [name, list] of Object.entries(lists)) requireReferences(file, name, list);
  const { policies = [], ...extensions } = lists as Record<string, readonly unknown[]>;
  if (policy !== undefined && typeof policy !== 'string') {
    throw wrong(file, 'policy must be a name, a path or a package', policy);
  }
  if (set !== undefined && !isPlainRecord(set)) {
    throw wrong(file, 'set must be an object of plain data', set);
  }
  return { policies, extensions, ...defined({ policy, set }) };
}

function requireReferences(file: string, name: string, list: unknown): void {
  if (!Array.isArray(list)) throw wrong(file, `${name} must be a list`, list);
  list.forEach((entry: unknown, i) => {
    if (typeof entry === 'string' || isRecord(entry)) return;
    throw wrong(file, `${name}[${i}] must be an object, a path or the name of a package`, entry);
  });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `configuration ${file} could not be read: ${(cause as Error).message}`,
      { details: { file }, cause },
    );
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Such as can be cloned and written as JSON. */
function isPlainRecord(value: unknown): value is Record<string, unknown> {
  try {
    return isRecord(structuredClone(value)) && JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

function wrong(file: string, what: string, found: unknown): AlphaLoraError {
  const words = inspect(found, { depth: 1, breakLength: Infinity }).slice(0, 60);
  return new AlphaLoraError('INVALID_OPTION', `configuration ${file}: ${what}, not ${words}`, {
    details: { file },
  });
}

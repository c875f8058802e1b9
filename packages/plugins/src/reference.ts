/**
 * From what a user writes (a path, or the name of a package) to the default export behind it.
 *
 * Both are resolved from a given folder, as Node resolves an `import` in a file that lies there;
 * `node_modules` is never searched for what nobody named. Runs in the worker, since importing is
 * running.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join, parse, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { requireRegularFile } from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';

/** What was referred to, for messages: `policy ./mine.js`, `configuration alphalora.config.js`. */
export interface Reference {
  what: string;
  reference: string;
  folder: string;
}

/** Set in the details of the error when there is no such package, rather than a broken one. */
export const missingPackage = 'missingPackage';

/**
 * Whether a reference is a path; otherwise it is a package. A package may have a subpath, so that a
 * separator alone does not decide: then it is a path where a file or folder lies there.
 */
export function isPath(reference: string, folder: string): boolean {
  if (/^\.{0,2}[\\/]/.test(reference) || /^\.{1,2}$/.test(reference) || isAbsolute(reference)) {
    return true;
  }
  if (reference.startsWith('@')) return false;
  if (/[\\/]/.test(reference)) return existsSync(join(folder, reference));
  return /\.[cm]?[jt]s$/.test(reference);
}

/**
 * @returns the default export of a module, or `module.exports` of a CommonJS one
 * @throws AlphaLoraError `INVALID_OPTION` naming the reference, with the original as its cause: it
 *   does not exist, cannot be loaded or has no default export
 */
export async function importDefault(reference: Reference): Promise<unknown> {
  const path = isPath(reference.reference, reference.folder);
  const namespace = await (path ? importPath(reference) : importPackage(reference));
  const found = namespace['default'];
  if (found === undefined) {
    const names = Object.keys(namespace).join(', ') || 'nothing';
    throw refused(reference, `has no default export; it exports ${names}`);
  }
  // ES modules that a compiler turned into CommonJS.
  const compiled = found as { __esModule?: unknown; default?: unknown } | null;
  return compiled?.__esModule && compiled.default !== undefined ? compiled.default : found;
}

type Namespace = Record<string, unknown>;

async function importPath(reference: Reference): Promise<Namespace> {
  const path = resolve(reference.folder, reference.reference);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw refused(reference, `does not exist: there is no file ${path}`);
  if (basename(path) === 'package.json') {
    throw refused(reference, `describes a package: give its folder, ${dirname(path)}`);
  }
  if (!stats.isDirectory()) requireRegularFile(stats, path);
  try {
    return await (stats.isFile()
      ? importFrom(dirname(path), pathToFileURL(path).href)
      : importFolder(path));
  } catch (cause) {
    throw notLoaded(reference, cause);
  }
}

/** A package by its folder: its `exports` as it sees them itself, otherwise its `main`. */
async function importFolder(folder: string): Promise<Namespace> {
  const file = join(folder, 'package.json');
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats) requireRegularFile(stats, file);
  const manifest = stats ? JSON.parse(readFileSync(file, 'utf8')) : {};
  if (manifest.exports !== undefined) return importFrom(folder, manifest.name);
  return importFrom(folder, pathToFileURL(createRequire(file).resolve(folder)).href);
}

async function importPackage(reference: Reference): Promise<Namespace> {
  const [, name] = /^((?:@[\w.~-]+\/)?[\w~-][\w.~-]*)(?:\/.*)?$/.exec(reference.reference) ?? [];
  if (name === undefined) {
    throw refused(reference, 'is neither a path (such as ./policy.js) nor the name of a package');
  }
  try {
    return await importFrom(reference.folder, reference.reference);
  } catch (cause) {
    // A package that is not there and one that misses a dependency fail with the same code.
    if (codeOf(cause) === 'ERR_MODULE_NOT_FOUND' && !isInstalled(name, reference.folder)) {
      const mend = nearby(reference) || `: npm install ${name}`;
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `no package ${name} can be found from ${reference.folder}${mend}`,
        { details: { [missingPackage]: name } },
      );
    }
    throw notLoaded(reference, cause);
  }
}

/** The end of a message, where a path was written like a package. */
export function nearby({ reference, folder }: Omit<Reference, 'what'>): string {
  return existsSync(join(folder, reference))
    ? `; did you mean ./${reference}, which lies there?`
    : '';
}

/** `import(specifier)` as if written in a file in that folder, with the conditions of an import. */
async function importFrom(folder: string, specifier: string): Promise<Namespace> {
  const script = new Script('(specifier) => import(specifier)', {
    filename: join(folder, 'alphalora.js'),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext()(specifier);
}

function isInstalled(name: string, folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, 'node_modules', name))) return true;
    if (at === parse(at).root) return false;
  }
}

function notLoaded(reference: Reference, cause: unknown): AlphaLoraError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return refused(reference, `could not be loaded: ${why}${hint(reference, cause, why)}`, cause);
}

function hint({ reference, folder }: Reference, cause: unknown, why: string): string {
  if (!isPath(reference, folder)) return '';
  const [, missing] = /^Cannot find (?:package|module) '([^']+)'/.exec(why) ?? [];
  const owner = missing && ownerOf(resolve(folder, reference), missing);
  if (owner) return ` (npm install in ${owner} brings it)`;
  // Node tells nobody but its own output in which line a syntax error is.
  if (cause instanceof SyntaxError) return ` (node ${reference} shows where)`;
  return codeOf(cause) === 'ERR_UNKNOWN_FILE_EXTENSION' && reference.endsWith('ts')
    ? ' (Node 22.18 and later read TypeScript; this is an older one)'
    : '';
}

/** The folder of the package around a path, where that depends on another one. */
function ownerOf(path: string, dependency: string): string | undefined {
  for (let at = path; ; at = dirname(at)) {
    const file = join(at, 'package.json');
    if (existsSync(file)) {
      const { dependencies, devDependencies, peerDependencies } = JSON.parse(
        readFileSync(file, 'utf8'),
      );
      const all = { ...dependencies, ...devDependencies, ...peerDependencies };
      const known = Object.keys(all).some(
        (name) => dependency === name || dependency.startsWith(`${name}/`),
      );
      return known ? at : undefined;
    }
    if (at === parse(at).root) return undefined;
  }
}

function refused({ what, reference }: Reference, why: string, cause?: unknown): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', `${what} ${why}`, {
    details: { reference },
    ...defined({ cause }),
  });
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

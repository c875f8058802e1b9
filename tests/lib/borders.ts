/**
 * The borders between packages, as one table and one pure function.
 *
 * Who may import whom keeps each package installable alone: everything meets through `contracts`,
 * and measuring a model never pulls in TensorFlow.js.
 */
import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { importsOf, type ModuleImport } from './modules.js';
import type { SourceFile, WorkspacePackage } from './workspace.js';

/**
 * Workspace packages that each package's sources may import; a new package needs a row here, and in
 * docs/architecture.md.
 */
export const mayImport: Readonly<Record<string, readonly string[] | 'all'>> = {
  'packages/contracts': [],
  'packages/documents': ['@alphalora/contracts'],
  'packages/checkpoint': ['@alphalora/contracts'],
  'packages/htsr-core': ['@alphalora/contracts'],
  'packages/spectra-wasm': ['@alphalora/contracts'],
  // Another form of the stages under the same engine.
  'packages/spectra-native': ['@alphalora/contracts', '@alphalora/spectra-wasm'],
  'packages/allocator': ['@alphalora/contracts', '@alphalora/documents'],
  'packages/report': ['@alphalora/contracts', '@alphalora/documents'],
  // Checks and runs policies; reads files.
  'packages/plugins': ['@alphalora/contracts', '@alphalora/allocator', '@alphalora/checkpoint'],
  // PEFT's keys are written where they are read.
  'packages/exporters': ['@alphalora/contracts', '@alphalora/documents', '@alphalora/checkpoint'],
  'packages/cluster': [
    '@alphalora/contracts',
    '@alphalora/documents',
    '@alphalora/checkpoint',
    '@alphalora/htsr-core',
    '@alphalora/measuring',
  ],
  'packages/measuring': [
    '@alphalora/contracts',
    '@alphalora/documents',
    '@alphalora/checkpoint',
    '@alphalora/htsr-core',
    '@alphalora/spectra-native',
    '@alphalora/spectra-wasm',
  ],
  'packages/molora-tfjs': ['@alphalora/contracts', '@alphalora/documents', '@alphalora/checkpoint'],
  'apps/cli': 'all',
};

/** Files, threads and compiled code, and talks with Redis: the libraries that have no part for the browser. */
const nodeOnly = [
  'packages/cluster',
  'packages/measuring',
  'packages/plugins',
  'packages/spectra-native',
];

/**
 * @param pkg whose files they are
 * @param workspace names of all workspace packages
 * @param forTests further packages that tests may import: the root's devDependencies
 * @returns one line for each violation: file, what it imports, and the rule
 */
export function borderViolations(
  pkg: WorkspacePackage,
  files: readonly SourceFile[],
  workspace: readonly string[],
  forTests: readonly string[],
): string[] {
  const allowed = mayImport[pkg.folder];
  if (allowed === undefined) return [`${pkg.folder}: has no row in tests/lib/borders.ts`];
  return files.flatMap(({ path, text }) =>
    importsOf(path, text).flatMap((imported) => {
      const rule = brokenRule(imported, path);
      return rule ? [`${pkg.folder}/${path} imports ${imported.specifier}: ${rule}`] : [];
    }),
  );

  function brokenRule(imported: ModuleImport, path: string): string | undefined {
    const { specifier } = imported;
    if (specifier.startsWith('.')) {
      const target = posix.join(posix.dirname(path), specifier);
      // A package's own build may generate modules, which lie under dist.
      return /^(src|dist)\/|^package\.json$/.test(target)
        ? undefined
        : 'leaves the sources of its package';
    }
    const isTest = path.endsWith('.test.ts') || path.startsWith('src/test-support/');
    if (specifier.startsWith('node:')) {
      return isTest || runsInNodeOnly(pkg.folder, path) || imported.typeOnly
        ? undefined
        : 'only files under src/node may use Node';
    }
    if (builtinModules.includes(specifier)) return `write node:${specifier}`;
    const name = packageName(specifier);
    if (!isDeclared(name, isTest)) return 'is not declared in package.json';
    if (isTest) return undefined;
    if (workspace.includes(name) && name !== pkg.manifest.name) {
      return allowed === 'all' || allowed!.includes(name)
        ? undefined
        : 'crosses a border of the architecture';
    }
    if (name.startsWith('@tensorflow/') && pkg.folder !== 'packages/molora-tfjs') {
      // A program chooses the backend, but only once a command needs it.
      return pkg.folder.startsWith('apps/') && (imported.dynamic || imported.typeOnly)
        ? undefined
        : 'only molora-tfjs may import TensorFlow.js';
    }
    return undefined;
  }

  function isDeclared(name: string, isTest: boolean): boolean {
    const { manifest } = pkg;
    const declared = {
      ...manifest.dependencies,
      ...manifest.peerDependencies,
      ...manifest.optionalDependencies,
      ...(isTest ? manifest.devDependencies : {}),
    };
    return name === manifest.name || name in declared || (isTest && forTests.includes(name));
  }
}

function runsInNodeOnly(folder: string, path: string): boolean {
  return (
    folder.startsWith('apps/') ||
    nodeOnly.includes(folder) ||
    path === 'src/node.ts' ||
    path.startsWith('src/node/')
  );
}

/** `@scope/name/sub/path` -> `@scope/name`. */
function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

import { describe, expect, it } from 'vitest';
import { borderViolations } from './lib/borders.js';
import { importsOf } from './lib/modules.js';
import {
  readManifest,
  sourceFiles,
  type WorkspacePackage,
  workspacePackages,
} from './lib/workspace.js';

const packages = workspacePackages();
const names = packages.map(({ manifest }) => manifest.name);
const testTools = Object.keys(readManifest('.').devDependencies ?? {});

describe('borders between packages', () => {
  it.each(packages)('$folder imports only what it may', (pkg) => {
    const files = sourceFiles(pkg.folder);
    expect(files).not.toEqual([]);
    expect(borderViolations(pkg, files, names, testTools)).toEqual([]);
  });
});

describe('the check itself', () => {
  const checked = (folder: string, text: string, path = 'src/a.ts'): string[] => {
    const pkg: WorkspacePackage = {
      folder,
      manifest: {
        name: `@alphalora/${folder.split('/')[1]}`,
        version: '0.0.0',
        dependencies: {
          '@alphalora/contracts': '*',
          '@alphalora/htsr-core': '*',
          'ml-matrix': '*',
          '@tensorflow/tfjs': '*',
        },
        devDependencies: { '@alphalora/checkpoint': '*' },
      },
    };
    return borderViolations(pkg, [{ path, text }], names, ['vitest']);
  };

  it.each([
    ['packages/allocator', `import { spectrum } from '@alphalora/htsr-core';`, 'crosses a border'],
    ['packages/allocator', `import type { X } from '@alphalora/htsr-core';`, 'crosses a border'],
    ['packages/allocator', `export * from '@alphalora/htsr-core';`, 'crosses a border'],
    ['packages/allocator', `type X = import('@alphalora/htsr-core').X;`, 'crosses a border'],
    ['packages/contracts', `import '@alphalora/htsr-core';`, 'crosses a border'],
    ['packages/htsr-core', `await import('@tensorflow/tfjs');`, 'only molora-tfjs'],
    ['apps/cli', `import * as tf from '@tensorflow/tfjs';`, 'only molora-tfjs'],
    ['packages/htsr-core', `import { readFile } from 'node:fs/promises';`, 'src/node'],
    ['packages/htsr-core', `import { readFile } from 'fs';`, 'write node:fs'],
    ['packages/htsr-core', `import { x } from 'left-pad';`, 'not declared'],
    ['packages/htsr-core', `import { x } from '@alphalora/checkpoint';`, 'not declared'],
    ['packages/htsr-core', `import { x } from '../../allocator/src/index.js';`, 'leaves'],
    ['packages/unheard-of', '', 'no row'],
  ])('finds the violation in %s: %s', (folder, text, rule) => {
    const found = checked(folder, text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(rule);
  });

  it.each([
    ['packages/htsr-core', `import { Matrix } from 'ml-matrix';`, 'src/a.ts'],
    [
      'packages/htsr-core',
      `import { x } from './b.js'; import { y } from '../src/c.js';`,
      'src/a.ts',
    ],
    [
      'packages/htsr-core',
      `// import 'left-pad'\nconst text = "import x from 'left-pad'";`,
      'src/a.ts',
    ],
    ['packages/checkpoint', `import { open } from 'node:fs/promises';`, 'src/node/file.ts'],
    [
      'packages/allocator',
      `import { it } from 'vitest'; import '@alphalora/checkpoint';`,
      'src/a.test.ts',
    ],
    ['apps/cli', `await import('@tensorflow/tfjs'); import '@alphalora/htsr-core';`, 'src/a.ts'],
  ])('lets %s do: %s', (folder, text, path) => {
    expect(checked(folder, text, path)).toEqual([]);
  });

  it('sees every way to name a module', () => {
    const text = `
      import a from 'default'; import * as b from 'namespace'; import 'effect';
      import type { C } from 'type'; import { type D } from 'inline-type';
      export { e } from 'named'; export * from 'all'; export * as f from 'all-as';
      const g = await import('dynamic'); type H = import('type-query').H;`;
    expect(importsOf('a.ts', text).map(({ specifier }) => specifier)).toEqual([
      ...['default', 'namespace', 'effect', 'type', 'inline-type'],
      ...['named', 'all', 'all-as', 'dynamic', 'type-query'],
    ]);
  });
});

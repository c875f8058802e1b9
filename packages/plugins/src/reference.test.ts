import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isAlphaLoraError } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { importDefault, isPath, missingPackage } from './reference.js';

const folder = temporaryFolder('reference');

function write(files: Record<string, string | object>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    writeFileSync(join(folder, path), text);
  }
}

const load = (reference: string, from = folder): Promise<unknown> =>
  importDefault({ what: `policy ${reference}`, reference, folder: from });

async function failure(reference: string) {
  const error: unknown = await load(reference).catch((thrown: unknown) => thrown);
  if (!isAlphaLoraError(error, 'INVALID_OPTION')) throw error;
  return error;
}

write({
  'mine.js': 'export default "mine";',
  'package.json': { type: 'module' },
  'common.cjs': 'module.exports = "common";',
  'compiled.cjs': 'exports.__esModule = true; exports.default = "compiled";',
  'named.js': 'export const first = 1; export const second = 2;',
  'empty.js': '',
  'throws.js': 'throw new RangeError("not today");',
  'syntax.js': 'export default {;',
  'needs.js': 'import "not-installed-anywhere"; export default 1;',
  'folder/package.json': { name: 'in-a-folder', type: 'module', exports: './lib/entry.js' },
  'folder/lib/entry.js': 'export default "in a folder";',
  'old-folder/package.json': { main: 'main.cjs' },
  'old-folder/main.cjs': 'module.exports = "by main";',
  'fresh/package.json': {
    name: 'fresh',
    type: 'module',
    exports: './index.js',
    dependencies: { 'not-installed-yet': '*' },
  },
  'fresh/index.js': 'import "not-installed-yet/sub"; export default 1;',
  'sub/deep/none.txt': '',
  // What createRequire().resolve cannot find.
  'node_modules/import-only/package.json': {
    type: 'module',
    exports: { '.': { import: './index.js' }, './other': { import: './other.js' } },
  },
  'node_modules/import-only/index.js': 'export default "import only";',
  'node_modules/import-only/other.js': 'export default "a subpath";',
  'node_modules/@scope/policy/package.json': { main: './index.cjs' },
  'node_modules/@scope/policy/index.cjs': 'module.exports = "scoped";',
  'node_modules/broken/package.json': { type: 'module', exports: './index.js' },
  'node_modules/broken/index.js': 'import "not-installed-anywhere"; export default 1;',
  'node_modules/broken-common/package.json': { main: './index.js' },
  'node_modules/broken-common/index.js': 'module.exports = require("not-installed-anywhere");',
});

describe('importDefault', () => {
  it.each([
    ['./mine.js', 'mine'],
    ['mine.js', 'mine'],
    [join(folder, 'mine.js'), 'mine'],
    ['./common.cjs', 'common'],
    ['./compiled.cjs', 'compiled'],
    ['./folder', 'in a folder'],
    ['./old-folder', 'by main'],
    ['import-only', 'import only'],
    ['import-only/other', 'a subpath'],
    ['@scope/policy', 'scoped'],
  ])('%s', async (reference, expected) => {
    expect(await load(reference)).toBe(expected);
  });

  it('looks for packages in the folders above, as Node does', async () => {
    expect(await load('import-only', join(folder, 'sub/deep'))).toBe('import only');
  });

  it('tells a package that is missing from one that misses another', async () => {
    const missing = await failure('no-such-package');
    expect(missing.message).toBe(
      `no package no-such-package can be found from ${folder}: npm install no-such-package`,
    );
    expect(missing.details).toEqual({ [missingPackage]: 'no-such-package' });
    for (const reference of ['broken', 'broken-common', './needs.js']) {
      const broken = await failure(reference);
      expect(broken.message).toMatch(
        new RegExp(`^policy ${reference} could not be loaded: .*not-installed-anywhere`),
      );
      expect(broken.details).toEqual({ reference });
      expect(broken.cause).toBeInstanceOf(Error);
    }
  });

  it("says where to install what a package of one's own needs", async () => {
    for (const reference of ['./fresh', './fresh/index.js']) {
      const { message } = await failure(reference);
      expect(message).toContain(`(npm install in ${join(folder, 'fresh')} brings it)`);
    }
    // Nothing that its package.json names.
    expect((await failure('./needs.js')).message).not.toContain('npm install');
  });

  it.each([
    [
      './folder/package.json',
      `policy ./folder/package.json describes a package: give its folder, ${join(folder, 'folder')}`,
    ],
    [
      'folder',
      `no package folder can be found from ${folder}; did you mean ./folder, which lies there?`,
    ],
    ['./gone.js', `policy ./gone.js does not exist: there is no file ${join(folder, 'gone.js')}`],
    ['gone.mjs', `policy gone.mjs does not exist: there is no file ${join(folder, 'gone.mjs')}`],
    ['./named.js', 'policy ./named.js has no default export; it exports first, second'],
    ['./empty.js', 'policy ./empty.js has no default export; it exports nothing'],
    ['./throws.js', 'policy ./throws.js could not be loaded: not today'],
    [
      'import-only/none',
      /^policy import-only\/none could not be loaded: .*not defined by "exports"/,
    ],
    [
      './syntax.js',
      /^policy \.\/syntax\.js could not be loaded: .* \(node \.\/syntax\.js shows where\)$/,
    ],
    ['node:fs', /^policy node:fs is neither a path .* nor the name of a package$/],
    ['data:text/javascript,export default 1', /is neither a path/],
    ['', /is neither a path/],
  ])('%s is refused', async (reference, message) => {
    const error = await failure(reference);
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });
});

describe('isPath', () => {
  it.each([
    ['./a', true],
    ['../a', true],
    ['.', true],
    ['..', true],
    ['/a', true],
    ['a.js', true],
    ['a.mjs', true],
    ['a.ts', true],
    ['folder/lib/entry.js', true],
    ['import-only/other', false],
    ['some-package', false],
    ['@scope/a.js', false],
    ['not-here/a.js', false],
  ])('%s: %s', (reference, expected) => {
    expect(isPath(reference, folder)).toBe(expected);
  });
});

/** `--help` stays quick: whatever lists commands and options loads none of the code behind them. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { describe, expect, it } from 'vitest';

const root = temporaryFolder('help');
const { start } = programIn(root);

/** The files that a start loads, which Node lists for its own measure of coverage. */
async function loaded(...args: string[]): Promise<string[]> {
  const folder = mkdtempSync(join(root, 'loaded-'));
  const { code } = await start(args, { env: { NODE_V8_COVERAGE: folder } }).outcome;
  expect(code).toBe(0);
  const files = readdirSync(folder).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return (result as Array<{ url: string }>).map(({ url }) => url);
  });
  return files.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
}

/** `commander`, or `packages/documents` of this repository. */
function packageOf(file: string): string {
  const [, installed] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  return installed ?? /(packages|apps)\/[^/]+/.exec(file)![0];
}

describe('help', () => {
  it.each([[['--help']], [['analyze', '--help']], [['train', '--help']]])(
    '%j loads options and names alone',
    async (args) => {
      const files = await loaded(...args);
      expect([...new Set(files.map(packageOf))].sort()).toEqual([
        '@commander-js/extra-typings',
        'apps/cli',
        'commander',
        'packages/contracts',
        'packages/documents',
        'packages/exporters',
        'packages/htsr-core',
      ]);
      expect(files.filter((file) => /documents\/.*\/(index|validators)\.js$/.test(file))).toEqual(
        [],
      );
      // Of which only the names of estimators, and which is the default.
      const ofMeasuring = files.filter((file) => file.includes('/htsr-core/')).sort();
      expect(ofMeasuring).toEqual([
        expect.stringMatching(/dist\/defaults\.js$/),
        expect.stringMatching(/estimators\/index\.js$/),
      ]);
      expect(files.filter((file) => /dist\/commands\/.*\/run\.js$/.test(file))).toEqual([]);
    },
  );

  it('would see what a command loads', async () => {
    const packages = (await loaded('doctor')).map(packageOf);
    expect(packages).toContain('packages/measuring');
  });
});

/** Versions of Node that cannot run the program get a message, from a file that they can parse. */
import { readFileSync } from 'node:fs';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { programFile } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';

const { start } = programIn(temporaryFolder('old-node'));

/** As the program would see itself under another version. */
const under = (version: string): NodeJS.ProcessEnv => {
  const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(versions)}` };
};

describe('an old Node', () => {
  it.each(['12.22.12', '16.20.2', '18.20.8', '20.18.3'])(
    '%s gets one sentence',
    async (version) => {
      const { code, stdout, stderr } = await start(['--version'], { env: under(version) }).outcome;
      expect(stderr).toBe(
        `error: alphalora needs Node 20.19 or later, and this is ${version}: install a newer one, e.g. from nodejs.org\n`,
      );
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    },
  );

  it.each(['20.19.0', '22.0.0', '100.1.0'])('%s is new enough', async (version) => {
    const { code, stderr } = await start(['--version'], { env: under(version) }).outcome;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('is told the version of package.json', () => {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    expect(JSON.parse(manifest).engines.node).toBe('>=20.19');
  });

  it('can read the entry file, which loads nothing before it has asked', () => {
    const text = readFileSync(programFile, 'utf8');
    // Modules that are imported at the top are read before anything runs.
    expect(text).not.toMatch(/^(import|export) .*from|^import ['"]/m);
    // Syntax that Node 12 does not have.
    expect(text).not.toMatch(/\?\.|\?\?|\bawait\b|\bclass\b|\|\|=|&&=|\d_\d/);
  });
});

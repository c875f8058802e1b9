/** The scripts that people and CI start from. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { root } from './lib/workspace.js';

const folder = temporaryFolder('scripts');

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
}

describe('bootstrap', () => {
  it('refuses a command that it does not know', () => {
    const { status, stderr } = node('scripts/bootstrap.mjs', 'deploy');
    expect(status).toBe(2);
    expect(stderr).toContain('usage: node scripts/bootstrap.mjs setup|start|test');
  });

  it('says which Node it needs', () => {
    const old = join(folder, 'old-node.mjs');
    writeFileSync(old, "Object.defineProperty(process.versions, 'node', { value: '20.18.3' });");
    const { status, stderr } = node(
      '--import',
      pathToFileURL(old).href,
      'scripts/bootstrap.mjs',
      'start',
    );
    expect(status).toBe(1);
    expect(stderr).toBe('Node 20.19 or later is needed; this is 20.18.3. Please update Node.\n');
  });
});

describe('the summary of a test run', () => {
  const summarize = (success: boolean, ...testResults: object[]) => {
    const report = join(folder, 'report.json');
    writeFileSync(report, JSON.stringify({ success, testResults }));
    const { status, stdout } = node('scripts/summarize-tests.mjs', report);
    return { status, lines: stdout.trimEnd().split('\n') };
  };
  const file = (status: string, ...statuses: string[]) => ({
    name: join(root, 'a.test.ts'),
    status,
    assertionResults: statuses.map((each) => ({
      status: each,
      title: 'does it',
      ancestorTitles: ['', 'suite'],
    })),
  });

  it('counts, and lists what was skipped', () => {
    const { status, lines } = summarize(true, file('passed', 'passed', 'passed', 'skipped'));
    expect(status).toBe(0);
    expect(lines).toEqual(['skipped: a.test.ts: suite > does it', '2 passed, 0 failed, 1 skipped']);
  });

  it('counts a file that cannot be loaded as a failure', () => {
    const { status, lines } = summarize(false, file('passed', 'passed'), file('failed'));
    expect(status).toBe(1);
    expect(lines).toEqual(['1 passed, 1 failed, 0 skipped']);
  });

  it('fails with a test, and where nothing ran', () => {
    expect(summarize(false, file('failed', 'passed', 'failed'))).toEqual({
      status: 1,
      lines: ['1 passed, 1 failed, 0 skipped'],
    });
    expect(summarize(true).status).toBe(1);
  });
});

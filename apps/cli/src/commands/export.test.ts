import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeExported } from './export.js';

const root = mkdtempSync(join(tmpdir(), 'alphalora-export-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a format of several files', () => {
  const exported = { 'config.json': '{}\n', 'train.sh': 'true\n' };
  const silent = { stdout: { write: () => 0 }, stderr: { write: () => 0 } };

  it('goes into a folder', async () => {
    const output = join(root, 'folder');
    expect(await writeExported(exported, { to: 'x', output }, silent)).toBe(0);
    expect(readFileSync(join(output, 'config.json'), 'utf8')).toBe('{}\n');
    expect(readFileSync(join(output, 'train.sh'), 'utf8')).toBe('true\n');
  });

  it('needs one', async () => {
    await expect(writeExported(exported, { to: 'x' }, silent)).rejects.toThrow(
      /x is several files: -o names their folder/,
    );
  });
});

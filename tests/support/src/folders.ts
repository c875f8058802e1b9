/** Folders that last as long as the tests beside which they are made. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/**
 * An empty folder, removed after the tests of the file or of the `describe` in which this is called.
 *
 * @param name part of its own name, which says whose it is where one is left over
 * @returns its path, without links on the way
 */
export function temporaryFolder(name: string): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `alphalora-${name}-`)));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

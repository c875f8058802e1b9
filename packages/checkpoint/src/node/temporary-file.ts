/**
 * Names of temporary files, and the removal of those that killed processes left. A name says who
 * writes: a digest of the machine, and the process. What a dead process of this machine left is
 * removed when the next one begins to write into the folder; of other machines that share the folder
 * nothing is known but the time, and a file a day old is nobody's any more.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isAlive, thisMachine } from './processes.js';

const ABANDONED_MS = 24 * 60 * 60 * 1000;

let digest: string | undefined;

/**
 * A name in the folder of `path` that no other writer has. It does not grow with the target's name,
 * which may be as long as the file system allows.
 */
export function temporaryBeside(path: string): string {
  const random = randomBytes(6).toString('hex');
  return join(dirname(path), `.alphalora-${machineDigest()}-${process.pid}-${random}.tmp`);
}

/**
 * Removes the temporary files, and folders, of dead writers from a folder. Whatever cannot be looked at
 * or removed stays: this is tidying, no reason to fail.
 */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    const [, host, pid] = /^\.alphalora-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.tmp$/.exec(name) ?? [];
    if (host === undefined) continue;
    const path = join(folder, name);
    const isDead = host === machineDigest() && !isAlive(Number(pid));
    if (isDead || (await isOld(path)))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A digest of what tells this machine from others, short enough for a name. */
function machineDigest(): string {
  const { host, boot = '', namespace = '' } = thisMachine();
  digest ??= createHash('sha256')
    .update([host, boot, namespace].join('\n'))
    .digest('hex')
    .slice(0, 8);
  return digest;
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return Date.now() - mtimeMs > ABANDONED_MS;
}

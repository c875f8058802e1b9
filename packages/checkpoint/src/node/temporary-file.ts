/**
 * Names of temporary files, and the removal of those that killed processes left. A name says who
 * writes: a digest of the machine, and the process. What a dead process of this machine left is
 * removed when the next one begins to write into the folder; of other machines that share the folder
 * nothing is known but the time, and a file a day old is nobody's any more.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';

const ABANDONED_MS = 24 * 60 * 60 * 1000;

let machine: string | undefined;

/**
 * A name in the folder of `path` that no other writer has. It does not grow with the target's name,
 * which may be as long as the file system allows.
 */
export function temporaryBeside(path: string): string {
  const random = randomBytes(6).toString('hex');
  return join(dirname(path), `.alphalora-${thisMachine()}-${process.pid}-${random}.tmp`);
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
    const isDead = host === thisMachine() && !isAlive(Number(pid));
    if (isDead || (await isOld(path)))
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Where a process number means the same process: one boot of one machine, and there one namespace, as
 * containers have their own.
 */
function thisMachine(): string {
  machine ??= createHash('sha256')
    .update([hostname(), fact(bootId), fact(processNamespace)].join('\n'))
    .digest('hex')
    .slice(0, 8);
  return machine;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
const processNamespace = (): string => readlinkSync('/proc/self/ns/pid');

/** Only Linux knows it. */
function fact(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** Whether a process of this machine has the number, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

async function isOld(path: string): Promise<boolean> {
  const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
  return Date.now() - mtimeMs > ABANDONED_MS;
}

/**
 * One training run at a time in a folder: a lock file that names its holder.
 *
 * Locks are numbered, `training.<n>.lock`. A lock whose holder is gone is never removed first, because
 * between looking and removing another process may have put its own there. It is superseded: the
 * process that creates number n + 1, which only one can, holds the folder, and removes the older ones.
 * After it has written its lock, a process looks once more: if another holds the folder, it steps back;
 * if its lock is gone, because it took so long that it seemed killed, it begins anew.
 */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readTextIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { type Holder, holderOf, parseHolder, thisProcess } from './lock-holder.js';

export interface FolderLock {
  release(): Promise<void>;
}

interface Held {
  file: string;
  number: number;
  holder: Holder | undefined;
}

/** A process writes its lock right after it has created it; one that was killed in between never does. */
const UNWRITTEN = { looks: 10, milliseconds: 50 };

/**
 * @param folder is made if need be
 * @throws AlphaLoraError `INVALID_OPTION` when another process holds the folder, naming it and the
 *   file to remove where nobody here can tell whether it still runs
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  await mkdir(folder, { recursive: true });
  for (;;) {
    const stale = await locksIn(folder);
    await refuseHeld(folder, stale);
    const number = 1 + Math.max(0, ...stale.map(({ number }) => number));
    const file = join(folder, `training.${number}.lock`);
    if (!(await created(file))) continue;
    const release = (): Promise<void> => rm(file, { force: true });
    try {
      for (const lock of stale) await rm(lock.file, { force: true });
      const now = await locksIn(folder);
      const others = now.filter((lock) => lock.file !== file);
      await refuseHeld(folder, others);
      if (others.length < now.length) return { release };
    } catch (error) {
      await release();
      throw error;
    }
  }
}

/** @returns false where another process was faster */
async function created(file: string): Promise<boolean> {
  try {
    await writeFile(file, `${JSON.stringify(await thisProcess())}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function locksIn(folder: string): Promise<Held[]> {
  const found = (await readdir(folder)).flatMap((name) => {
    const number = Number(/^training\.(\d+)\.lock$/.exec(name)?.[1]);
    return Number.isNaN(number) ? [] : [{ file: join(folder, name), number }];
  });
  return Promise.all(found.map(async (lock) => ({ ...lock, holder: await readHolder(lock.file) })));
}

/** @returns undefined when the file is gone, or its process was killed before it had written it */
async function readHolder(file: string): Promise<Holder | undefined> {
  for (let look = 0; look < UNWRITTEN.looks; look++) {
    const text = await readTextIfPresent(file);
    if (text === undefined) return undefined;
    const holder = parseHolder(text);
    if (holder) return holder;
    await setTimeout(UNWRITTEN.milliseconds);
  }
  return undefined;
}

async function refuseHeld(folder: string, locks: readonly Held[]): Promise<void> {
  for (const { file, holder } of locks) {
    if (!holder) continue;
    const { pid, host } = holder;
    const state = await holderOf(holder);
    if (state === 'gone') continue;
    const message =
      state === 'running'
        ? `${folder} is in use by the training run of process ${pid}: wait for it, stop it, or train into another folder (if process ${pid} is no training run, remove ${file})`
        : `${folder} is locked by the training run of process ${pid} on ${host}, which cannot be seen from here: if it no longer runs, remove ${file}, otherwise train into another folder`;
    throw new AlphaLoraError('INVALID_OPTION', message, { details: { file, pid, host } });
  }
}

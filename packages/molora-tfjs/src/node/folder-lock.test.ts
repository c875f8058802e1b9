/** Locks whose holders are at work, gone, elsewhere, or another process under a number used again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlphaLoraError } from '@alphalora/contracts';
import { itUnless, linuxLacks } from '@alphalora/testing/lacking';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from './folder-lock.js';
import { type Holder, thisProcess } from './lock-holder.js';

let folder: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alphalora-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

const locks = async (): Promise<string[]> => (await readdir(folder)).sort();
const held = (change: Partial<Holder> | string, number = 1): Promise<void> =>
  writeFile(
    join(folder, `training.${number}.lock`),
    typeof change === 'string' ? change : JSON.stringify({ pid: 1, host: hostname(), ...change }),
  );
const refused = (...words: string[]) =>
  expect.toSatisfy(
    (error) =>
      isAlphaLoraError(error, 'INVALID_OPTION') &&
      words.every((word) => error.message.includes(word)),
  );

/** A process that waits, and one that has ended and been asked how. */
async function waitingProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']);
  children.push(child);
  await once(child, 'spawn');
  return child.pid!;
}
async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'close');
  return child.pid!;
}

describe('lockFolder', () => {
  it('lets one in, and the next after it', async () => {
    const lock = await lockFolder(folder);
    expect(await locks()).toEqual(['training.1.lock']);
    const file = join(folder, 'training.1.lock');
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(await thisProcess());
    await expect(lockFolder(folder)).rejects.toThrow(refused(folder, `process ${process.pid}`));
    await lock.release();
    expect(await locks()).toEqual([]);
    await (await lockFolder(folder)).release();
  });

  it('lets in one of many at once', async () => {
    await held({ pid: await endedProcess() });
    const tries = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await locks()).toEqual(['training.2.lock']);
  });

  it.each<[string, () => Promise<Partial<Holder> | string>]>([
    ['has ended', async () => ({ pid: await endedProcess() })],
    ['was killed before it had written its lock', async () => ''],
    ['was killed while it wrote its lock', async () => '{"pid":1,"ho'],
  ])('takes over from a process that %s', async (_, holder) => {
    await held(await holder());
    const lock = await lockFolder(folder);
    expect(await locks()).toEqual(['training.2.lock']);
    await lock.release();
  });

  itUnless(
    linuxLacks,
    'takes over where another process has the number of the holder',
    async () => {
      const pid = await waitingProcess();
      const { boot, namespace } = await thisProcess();
      await held({ pid, boot, namespace, started: '1' });
      await (await lockFolder(folder)).release();
      expect(await locks()).toEqual([]);
    },
  );

  itUnless(linuxLacks, 'takes over from a zombie', async () => {
    // The shell becomes a program that never asks how its child ended.
    const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000']);
    children.push(parent);
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    const status = (): Promise<string> => readFile(`/proc/${pid}/stat`, 'utf8');
    while (!(await status()).includes(') Z ')) await new Promise((r) => setTimeout(r, 5));
    const started = (await status()).split(') ')[1]!.split(' ')[19]!;
    const { boot, namespace } = await thisProcess();
    await held({ pid, boot, namespace, started });
    await (await lockFolder(folder)).release();
  });

  it('refuses while the holder runs, and says which file to remove if it is no run', async () => {
    const pid = await waitingProcess();
    await held({ pid });
    await expect(lockFolder(folder)).rejects.toThrow(
      refused(`process ${pid}`, `remove ${join(folder, 'training.1.lock')}`),
    );
    expect(await locks()).toEqual(['training.1.lock']);
  });

  itUnless(linuxLacks, 'takes over from a run before the machine was started anew', async () => {
    await held({ pid: process.pid, boot: 'before' });
    await (await lockFolder(folder)).release();
    expect(await locks()).toEqual([]);
  });

  const refuses = async (change: Partial<Holder>): Promise<void> => {
    await held({ pid: await endedProcess(), ...change });
    await expect(lockFolder(folder)).rejects.toThrow(
      refused(change.host ?? hostname(), `remove ${join(folder, 'training.1.lock')}`),
    );
    expect(await locks()).toEqual(['training.1.lock']);
  };
  it('refuses what is held on another machine, and says which file to remove', () =>
    refuses({ host: 'far-away' }));
  itUnless(
    linuxLacks,
    'refuses what is held in another container, and says which file to remove',
    () => refuses({ namespace: 'pid:[1]' }),
  );
});

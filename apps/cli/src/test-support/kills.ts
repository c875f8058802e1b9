/**
 * A command that is killed (SIGKILL) again and again at random moments, and begun anew each time: what
 * it leaves is whole or not there, and in the end it is what an undisturbed run leaves.
 *
 * The moments are drawn from a seed, as parts of the time that the undisturbed run takes; a run that is
 * faster than its moment counts as no kill. The clock chooses where a kill strikes, never the verdict.
 */
import {
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
} from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@alphalora/contracts/numbers';
import type { Program } from '@alphalora/testing/program';
import { expect } from 'vitest';

/** Kills of each command. */
export const KILLS = Number(process.env['ALPHALORA_KILLS'] ?? 5);

export interface Killed {
  /** The command line, with the folder that its results go to. */
  args: (results: string) => string[];
  /** A file without what depends on the speed of the machine, and so whole that it can be compared. */
  normalized?: (name: string, content: Buffer) => unknown;
  /** Files that a run goes on with, and which need not be whole: names relative to the results. */
  isUnfinished?: (name: string) => boolean;
}

/** @returns how often it was killed */
export async function surviveKills(
  { start }: Program,
  folder: string,
  { args, normalized = (_, content) => content, isUnfinished = () => false }: Killed,
): Promise<number> {
  const run = (place: string) =>
    start(args(join(place, 'results')), { env: { ALPHALORA_CACHE: join(place, 'cache') } });
  const left = (place: string): Map<string, unknown> =>
    new Map(
      filesIn(place).map((name) => [name, normalized(name, readFileSync(join(place, name)))]),
    );

  const straight = join(folder, 'straight');
  mkdirSync(join(straight, 'results'), { recursive: true });
  const begun = performance.now();
  const undisturbed = await run(straight).outcome;
  const whole = performance.now() - begun;
  expect(undisturbed.code, undisturbed.stderr).toBe(0);
  const expected = left(straight);

  const random = seededRandom(1, `kills ${args('').join(' ')}`);
  let kills = 0;
  let rounds = 0;
  while (kills < KILLS) {
    const place = join(folder, `killed-${rounds++}`);
    mkdirSync(join(place, 'results'), { recursive: true });
    let isDone = false;
    while (!isDone) {
      const { child, outcome } = run(place);
      const kill = (): void => void child.kill('SIGKILL');
      // Every other one strikes when something appears among the results: there are few such moments.
      const moment = random();
      const isLeft = kills < KILLS;
      const writing = isLeft && kills % 2 === 1;
      const timer = isLeft && !writing ? setTimeout(kill, moment * whole) : undefined;
      const watcher = writing ? watchFirst(join(place, 'results'), 5 * moment, kill) : undefined;
      const { code, stderr } = await outcome;
      clearTimeout(timer);
      watcher?.close();
      isDone = code === 0;
      if (!isDone) {
        expect(child.signalCode, stderr).toBe('SIGKILL');
        kills++;
      }
      for (const [name, content] of left(place)) {
        // What a killed process was writing has a name that nobody reads.
        if (name.endsWith('.tmp') || isUnfinished(name)) continue;
        expect(content, `${name} after ${kills} kills`).toEqual(expected.get(name));
      }
    }
    // Nothing is missing, nothing is too much: no temporary file outlives the next run.
    expect([...left(place).keys()].sort()).toEqual([...expected.keys()].sort());
    expect(left(place)).toEqual(expected);
    rmSync(place, { recursive: true });
  }
  return kills;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name), { throwIfNoEntry: false })?.isFile(),
  );
}

/** Calls once, some milliseconds after the first change in a folder. */
function watchFirst(folder: string, milliseconds: number, call: () => void): FSWatcher {
  const watcher = watch(folder, () => {
    watcher.close();
    setTimeout(call, milliseconds);
  });
  return watcher;
}

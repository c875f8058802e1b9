/** Commands as their users start them, and the built program among them, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect } from 'vitest';
import { programFile } from './repository.js';

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** What it has written so far. */
  texts: { stdout: string; stderr: string };
  outcome: Promise<Outcome>;
}

interface StartOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** @param options.env its whole environment */
export function startCommand(
  command: string,
  args: readonly string[],
  { cwd, env }: StartOptions,
): Running {
  const child = spawn(command, args, { cwd, env });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (data) => {
      texts[name] += data;
    });
  }
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code) => resolve({ code, ...texts }));
  });
  return { child, texts, outcome };
}

export interface Program {
  /** With what is given in addition to the environment of the tests. */
  start(args: readonly string[], options?: StartOptions): Running;
  /** To its end. */
  alphalora(...args: string[]): Promise<Outcome>;
  alphaloraIn(folder: string, ...args: string[]): Promise<Outcome>;
}

/** @param root the working folder where a start names no other; also has the cache */
export function programIn(root: string): Program {
  beforeAll(() => {
    if (!existsSync(programFile))
      throw new Error('the program is not built: npm run setup builds it');
  });

  function start(args: readonly string[], { cwd = root, env = {} }: StartOptions = {}): Running {
    return startCommand(process.execPath, [programFile, ...args], {
      cwd,
      env: { ...process.env, ALPHALORA_CACHE: join(root, 'cache'), ...env },
    });
  }

  async function alphaloraIn(cwd: string, ...args: string[]): Promise<Outcome> {
    const outcome = await start(args, { cwd }).outcome;
    // Whatever goes wrong, nobody gets to see a stack trace.
    expect(outcome.stderr).not.toMatch(/\n\s+at .*:\d+:\d+|internal error/);
    return outcome;
  }

  return { start, alphaloraIn, alphalora: (...args) => alphaloraIn(root, ...args) };
}

/** The built program, started as its users start it, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect } from 'vitest';

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface StartOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export interface Program {
  start(args: readonly string[], options?: StartOptions): [ChildProcess, Promise<Outcome>];
  /** To its end. */
  alphalora(...args: string[]): Promise<Outcome>;
  alphaloraIn(folder: string, ...args: string[]): Promise<Outcome>;
}

/** @param root the working folder where a start names no other; also has the cache */
export function programIn(root: string): Program {
  beforeAll(() => {
    if (!existsSync(main)) throw new Error('the program is not built: npm run setup builds it');
  });

  function start(
    args: readonly string[],
    { cwd = root, env = {} }: StartOptions = {},
  ): [ChildProcess, Promise<Outcome>] {
    const child = spawn(process.execPath, [main, ...args], {
      cwd,
      env: { ...process.env, ALPHALORA_CACHE: join(root, 'cache'), ...env },
    });
    const texts = { stdout: '', stderr: '' };
    child.stdout.on('data', (data) => {
      texts.stdout += data;
    });
    child.stderr.on('data', (data) => {
      texts.stderr += data;
    });
    const outcome = new Promise<Outcome>((resolve) => {
      child.on('close', (code) => resolve({ code, ...texts }));
    });
    return [child, outcome];
  }

  async function alphaloraIn(cwd: string, ...args: string[]): Promise<Outcome> {
    const outcome = await start(args, { cwd })[1];
    // Whatever goes wrong, nobody gets to see a stack trace.
    expect(outcome.stderr).not.toMatch(/\n\s+at .*:\d+:\d+|internal error/);
    return outcome;
  }

  return { start, alphaloraIn, alphalora: (...args) => alphaloraIn(root, ...args) };
}

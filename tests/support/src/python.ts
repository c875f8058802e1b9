/** Python and its packages, as the other side of a comparison. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';
import type { Lack } from './lacking.js';

const python = process.env['ALPHALORA_PYTHON'] ?? 'python3';

/** Prints those of its arguments that are lacking; finding a package takes less than loading it. */
const probe = `
import sys
from importlib import metadata, util
def number(version): return [int(part) for part in version.split('.')[:2]]
def there(wanted):
    name, _, least = wanted.partition('>=')
    if util.find_spec(name) is None: return False
    return not least or number(metadata.version(name)) >= number(least)
print(', '.join(wanted for wanted in sys.argv[1:] if not there(wanted)))
`;

/**
 * @param packages as they are imported: `numpy`, `peft>=0.15`
 * @returns what to install, or undefined where all are there
 */
export function pythonLacks(...packages: string[]): Lack {
  const { status, stdout } = spawnSync(python, ['-c', probe, ...packages], { encoding: 'utf8' });
  if (status !== 0) return `there is no ${python}; set ALPHALORA_PYTHON`;
  const missing = stdout.trim();
  return missing === '' ? undefined : `${python} has no ${missing}; set ALPHALORA_PYTHON`;
}

interface PythonOptions {
  /** Its `sys.argv[1:]`. */
  args?: readonly string[];
  /** Its stdin. */
  input?: string | Uint8Array;
  cwd?: string;
  env?: Record<string, string>;
}

/**
 * Runs a program, given as text.
 *
 * @returns what it prints
 * @throws Error with what it wrote to stderr, where it fails
 */
export function runPython(program: string, options: PythonOptions = {}): string {
  return runPythonForBytes(program, options).toString();
}

/** As {@link runPython}, for a program that prints bytes. */
export function runPythonForBytes(
  program: string,
  { args = [], input = '', cwd, env = {} }: PythonOptions = {},
): Buffer {
  const { status, stdout, stderr, error } = spawnSync(python, ['-c', program, ...args], {
    input,
    cwd,
    env: { ...process.env, ...env },
    maxBuffer: 1e9,
  });
  if (status !== 0) throw new Error(error?.message ?? stderr.toString());
  return stdout;
}

/** Defines `shrink(config, experts)` for programs with transformers, which follow it. */
export const shrunkModels: string = readFileSync(
  new URL('./shrunk-models.py', import.meta.url),
  'utf8',
);

/** Answers on the stdout that it had; whatever else is printed goes to stderr. */
const loop = `
import json, os, sys
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
for line in sys.stdin: print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
`;

/**
 * A process that loads its packages once and then answers questions, one at a time.
 *
 * @param program defines `answer(question)`; both are what JSON can say
 * @returns asks it, and starts it for the first question; rejects with what it wrote to stderr where
 *   it fails, and from then on
 */
export function startPython<Question, Answer>(
  program: string,
  { env = {} }: Pick<PythonOptions, 'env'> = {},
): (question: Question) => Promise<Answer> {
  let session: ReturnType<typeof start> | undefined;
  function start() {
    const child = spawn(python, ['-c', program + loop], { env: { ...process.env, ...env } });
    let errors = '';
    child.stderr.on('data', (text) => {
      errors += text;
    });
    child.on('error', (error) => {
      errors += error.message;
    });
    // A question to a process that has ended is answered by the end of its lines.
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, lines, closed: once(child, 'close'), errors: () => errors };
  }
  afterAll(async () => {
    session?.child.kill();
    await session?.closed;
  });
  return async (question) => {
    session ??= start();
    session.child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await session.lines.next();
    if (!done) return JSON.parse(value) as Answer;
    await session.closed;
    throw new Error(session.errors());
  };
}

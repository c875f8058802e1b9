/** Python and its packages, as the other side of a comparison. */
import { spawnSync } from 'node:child_process';
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

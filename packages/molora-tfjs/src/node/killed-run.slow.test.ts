/**
 * A run that is killed again and again ends as one that never was: the same losses and the same
 * files, to the last bit.
 */
import { spawn } from 'node:child_process';
import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { seededRandom } from '@alphalora/contracts/numbers';
import { temporaryFolder } from '@alphalora/testing/folders';
import { itUnless } from '@alphalora/testing/lacking';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import { tensorflowLacks } from '../test-support/backend.js';

const packageRoot = fileURLToPath(new URL('../../', import.meta.url));
const program = fileURLToPath(new URL('../test-support/killed-run.ts', import.meta.url));
const conditions = ['@alphalora/source', 'module', 'node', 'import', 'default'];

const root = temporaryFolder('killed');
beforeAll(async () => {
  await symlink(join(packageRoot, 'node_modules'), join(root, 'node_modules'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: packageRoot,
    resolve: { conditions },
    ssr: { resolve: { conditions }, noExternal: [/^@alphalora\//] },
    build: {
      ssr: program,
      outDir: root,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: 'killed-run.mjs' } },
    },
  });
});

interface RunOptions {
  folder: string;
  backend: string;
  steps: number;
  /** Operation on files at which the process kills itself. */
  operation?: number;
  /** Milliseconds after it has begun to train at which it is killed. */
  delay?: number;
}

/** @returns how it ended: 'done' or 'killed' */
function run({ folder, backend, steps, operation, delay }: RunOptions): Promise<string> {
  const own = operation === undefined ? [] : [String(operation)];
  const args = [join(root, 'killed-run.mjs'), folder, backend, String(steps), ...own];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, complaints] = ['', ''];
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  child.stdout.on('data', (chunk) => {
    said += chunk;
    if (delay !== undefined && String(chunk).includes('ready'))
      setTimeout(() => child.kill('SIGKILL'), delay);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0 && said.endsWith('done\n')) resolve('done');
      else if (signal === 'SIGKILL') resolve('killed');
      else reject(new Error(`exit code ${code}: ${complaints}`));
    });
  });
}

/** All that a run leaves, without what depends on the machine's speed. */
async function results(folder: string): Promise<Record<string, unknown>> {
  const entries = (await readdir(folder)).sort().map(async (name) => {
    const content = await readFile(join(folder, name));
    if (name !== 'metrics.jsonl') return [name, content.toString('hex')] as const;
    const lines = content.toString().trimEnd().split('\n');
    return [name, lines.map((line) => ({ ...JSON.parse(line), tokensPerSecond: 0 }))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

// Backends write no files: one of them is enough.
it('a run survives a kill at every operation on files', { timeout: 240_000 }, async () => {
  const [backend, steps] = ['wasm', 48] as const;
  const [straight, folder] = [join(root, 'a'), join(root, 'b')];
  expect(await run({ folder: straight, backend, steps })).toBe('done');
  // Each process gets one operation further than the one before, from its own beginning on.
  let operation = 0;
  let last = 'killed';
  while (last === 'killed') {
    operation++;
    last = await run({ folder, backend, steps, operation });
  }
  // More than two checkpoints of eleven operations each lie within reach of the later ones.
  expect(operation).toBeGreaterThan(25);
  const expected = await results(straight);
  expect(expected['metrics.jsonl']).toHaveLength(steps);
  expect(await results(folder)).toEqual(expected);
});

const lacks = await tensorflowLacks();
describe.each(['cpu', 'wasm', 'tensorflow'])('a run on %s', (backend) => {
  const lack = backend === 'tensorflow' ? lacks : undefined;
  const survives = async (): Promise<void> => {
    const steps = 400;
    const [straight, folder] = [join(root, `${backend}-c`), join(root, `${backend}-d`)];
    const begun = performance.now();
    expect(await run({ folder: straight, backend, steps })).toBe('done');
    const whole = performance.now() - begun;
    const random = seededRandom(1, backend);
    let kills = 0;
    while (
      (await run({ folder, backend, steps, delay: (random() * whole) / 6 })) === 'killed' &&
      kills < 100
    )
      kills++;
    expect(kills).toBeGreaterThan(3);
    expect(kills).toBeLessThan(100);
    expect(await results(folder)).toEqual(await results(straight));
  };
  itUnless(lack, 'survives kills at random moments', survives, 240_000);
});

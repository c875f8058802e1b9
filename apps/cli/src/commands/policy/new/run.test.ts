import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { run as newPolicy } from './run.js';

const root = temporaryFolder('new');

const cli = fileURLToPath(new URL('../../../../', import.meta.url));
const manifestOf = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;

async function create(name: string, folder: string): Promise<string> {
  let text = '';
  const collect = { write: (part: string) => (text += part) };
  const io = { stdout: collect, stderr: collect, signal: new AbortController().signal };
  await newPolicy(name, { output: join(root, folder) }, io);
  return text;
}

function run(folder: string, ...args: string[]): { status: number | null; output: string } {
  // Inside a test of ours, node --test would report to that one's runner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = { cwd: join(root, folder), encoding: 'utf8', env } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  return { status, output: stdout + stderr };
}

describe('a new policy', async () => {
  const said = await create('by-size', 'fresh');
  const folder = join(root, 'fresh');
  // What npm install would bring.
  mkdirSync(join(folder, 'node_modules/@alphalora'), { recursive: true });
  for (const name of ['@alphalora/allocator', 'valibot']) {
    symlinkSync(realpathSync(join(cli, 'node_modules', name)), join(folder, 'node_modules', name));
  }

  it('is a complete package under its own name', () => {
    expect(readdirSync(folder).sort()).toEqual([
      ...['.gitignore', 'README.md', 'index.js', 'index.test.js', 'node_modules', 'package.json'],
    ]);
    const { dependencies } = manifestOf(cli) as { dependencies: Record<string, string> };
    expect(manifestOf(folder)).toMatchObject({
      name: 'alphalora-policy-by-size',
      type: 'module',
      license: 'MIT',
      peerDependencies: { '@alphalora/allocator': '*' },
      devDependencies: { '@alphalora/allocator': '*' },
      dependencies: { valibot: dependencies['valibot'] },
    });
    for (const file of ['README.md', 'index.js', 'index.test.js', 'package.json']) {
      expect(readFileSync(join(folder, file), 'utf8')).not.toContain('policy-name');
    }
    for (const word of ['npm install', 'README.md', 'LICENSE']) expect(said).toContain(word);
  });

  it('passes its own tests', () => {
    const { status, output } = run('fresh', '--test', '--test-reporter=tap');
    expect(status, output).toBe(0);
    // The conformance tests, the version, and two examples.
    expect(Number(/^# pass (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(20);
    expect(output).toMatch(/^# skipped 0$/m);
    expect(output).toMatch(/^# fail 0$/m);
  });

  it('has sound types', () => {
    const tsc = join(cli, '../../node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022'];
    const check = (file: string) =>
      run('fresh', tsc, ...flags, '--allowJs', '--skipLibCheck', file);
    const { status, output } = check('index.js');
    expect(status, output).toBe(0);
    const text = readFileSync(join(folder, 'index.js'), 'utf8');
    writeFileSync(join(folder, 'wrong.js'), text.replace('score ** power', 'scores ** power'));
    expect(check('wrong.js').output).toMatch(/Cannot find name 'scores'/);
  });
});

describe('writing', () => {
  it('takes an empty folder, and leaves any other as it is', async () => {
    mkdirSync(join(root, 'empty'));
    await create('mine', 'empty');
    expect(readdirSync(join(root, 'empty'))).toContain('index.js');
    mkdirSync(join(root, 'full'));
    writeFileSync(join(root, 'full/index.js'), 'precious');
    await expect(create('mine', 'full')).rejects.toThrow(/full is there already and not empty/);
    expect(readdirSync(join(root, 'full'))).toEqual(['index.js']);
    expect(readFileSync(join(root, 'full/index.js'), 'utf8')).toBe('precious');
  });

  it('leaves nothing half', async () => {
    writeFileSync(join(root, 'file'), '');
    await expect(create('mine', 'file')).rejects.toMatchObject({ code: 'IO_FAILED' });
    await expect(create('mine', 'file/inside')).rejects.toMatchObject({ code: 'IO_FAILED' });
    expect(readdirSync(root).sort()).toEqual(['empty', 'file', 'fresh', 'full']);
  });

  it.each(['Mine', 'my_policy', '../mine', '', 'mola'])('refuses the name "%s"', async (name) => {
    await expect(create(name, 'never')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(readdirSync(root)).not.toContain('never');
  });
});

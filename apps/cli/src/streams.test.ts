/** Documents from pipes and stdin, results to stdout, pipes and links: the built program's streams. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, itUnless, posixLacks } from '@alphalora/testing/lacking';
import { programIn } from '@alphalora/testing/program';
import { demoModel, programFile } from '@alphalora/testing/repository';
import { beforeAll, describe, expect, it } from 'vitest';

const root = temporaryFolder('streams');
const { start, alphalora } = programIn(root);

const analysis = join(root, 'analysis.json');
const allocation = join(root, 'allocation.json');
const parts = [1, 2].map((i) => join(root, `part-${i}.json`));
beforeAll(async () => {
  expect((await alphalora('analyze', demoModel, '-o', analysis)).code).toBe(0);
  for (const [i, part] of parts.entries())
    expect((await alphalora('analyze', demoModel, '--shard', `${i + 1}/2`, '-o', part)).code).toBe(
      0,
    );
  expect((await alphalora('allocate', analysis, '-o', allocation)).code).toBe(0);
});

/** A line of a shell, in which `alphalora` is the program. */
function shell(line: string) {
  const script = `alphalora() { "$NODE" "$MAIN" "$@"; }\n${line}`;
  const env = { ...process.env, NODE: process.execPath, MAIN: programFile };
  return spawnSync('bash', ['-c', script], { cwd: root, env, encoding: 'utf8' });
}

const timeless = (text: string) => ({ ...JSON.parse(text), timings: undefined });

describe('what is not UTF-8', () => {
  it.each([
    ['the prompt of stdin', String.raw`printf 'a\ncaf\351' | alphalora generate nowhere`],
    ['a document in a pipe', String.raw`alphalora allocate <(printf 'a\ncaf\351') -o -`],
  ])('is refused with its place: %s', (_, line) => {
    const { status, stdout, stderr } = shell(line);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/error: \S+: it is not UTF-8 \(byte 5, line 2\): save it as UTF-8/);
  });
});

describe('-o - is stdout', () => {
  it.each<[string, string[], string]>([
    ['analyze', ['analyze', demoModel], analysis],
    ['merge --json', ['merge', ...parts, '--json'], analysis],
    ['allocate', ['allocate', analysis], allocation],
    ['allocate --json', ['allocate', analysis, '--json'], allocation],
  ])('%s writes the document there once', async (_, args, file) => {
    const { stdout, stderr } = await alphalora(...args, '-o', '-');
    expect(timeless(stdout)).toEqual(timeless(readFileSync(file, 'utf8')));
    expect(stderr).not.toMatch(/wrote|keeps the result/);
  });

  it('report and export write theirs there', async () => {
    const page = await alphalora('report', analysis, allocation, '-o', '-');
    expect(page.stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/i);
    expect(page.stderr).toBe('');
    const table = await alphalora('export', allocation, '--to', 'csv', '-o', '-');
    expect(table).toEqual(await alphalora('export', allocation, '--to', 'csv'));
    expect(readdirSync(root)).not.toContain('-');
  });

  it.each<[string, string[]]>([
    ['plan', ['plan', demoModel]],
    ['train', ['train', demoModel, '--allocation', allocation, '--task', 'text', '--data', 'x']],
    ['policy new', ['policy', 'new', 'mine']],
  ])('%s needs a folder and says so', async (command, args) => {
    const { code, stdout, stderr } = await alphalora(...args, '-o', '-');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`${command} writes several files: give -o a folder`);
  });

  itUnless(posixLacks, 'by its other name too, even where it is a file', () => {
    const { status } = shell(`alphalora allocate analysis.json -o /dev/stdout > whole.json`);
    expect(status).toBe(0);
    expect(readFileSync(join(root, 'whole.json'))).toEqual(readFileSync(allocation));
  });
});

describeUnless(posixLacks, '-o', () => {
  it('follows a link and keeps the mode', async () => {
    mkdirSync(join(root, 'results'));
    writeFileSync(join(root, 'results', 'kept.json'), 'old');
    chmodSync(join(root, 'results', 'kept.json'), 0o600);
    symlinkSync('results/kept.json', join(root, 'latest.json'));
    await alphalora('allocate', analysis, '-o', join(root, 'latest.json'));
    expect(readlinkSync(join(root, 'latest.json'))).toBe('results/kept.json');
    const target = join(root, 'results', 'kept.json');
    expect(readFileSync(target)).toEqual(readFileSync(allocation));
    expect(statSync(target).mode & 0o777).toBe(0o600);
  });

  it("writes into a shell's pipe", () => {
    const { status, stderr } = shell(
      `alphalora allocate analysis.json -o >(gzip > a.gz); sleep 0.5; gunzip -c a.gz | cmp - allocation.json`,
    );
    expect([status, stderr.split('\n').at(-2)]).toEqual([0, 'wrote /dev/fd/63']);
  });
});

describeUnless(posixLacks, 'documents come from', () => {
  it.each([
    ['a pipe to -', 'cat analysis.json | alphalora allocate - --json'],
    ['a file to -', 'alphalora allocate - --json < analysis.json'],
    ["a shell's <( )", 'alphalora allocate <(cat analysis.json) --json'],
    [
      'a slow named pipe',
      'mkfifo p.json; (sleep 0.5; cat analysis.json > p.json) & alphalora allocate p.json --json',
    ],
  ])('%s', (_, line) => {
    const { stdout, stderr } = shell(line);
    expect(stdout, stderr).toBe(readFileSync(allocation, 'utf8'));
  });

  it('pipes for every document of a command', () => {
    const { stdout, status } = shell(
      'alphalora report <(cat analysis.json) <(cat allocation.json) -o - | head -c 15',
    );
    expect([stdout, status]).toEqual(['<!doctype html>', 0]);
  });

  it('stdin once', () => {
    const { stderr, status } = shell('cat analysis.json | alphalora compare - -');
    expect(stderr).toBe('error: stdin is named twice, and can be read only once\n');
    expect(status).toBe(2);
  });

  it('what is no document, told by its name', () => {
    const { stderr } = shell('echo "{}" | alphalora allocate -');
    expect(stderr).toBe('error: stdin is not an analysis: its kind is missing\n');
  });
});

describe('-o is not what the command reads', () => {
  const model = join(root, 'model');
  const copy = join(root, 'copy.json');
  beforeAll(() => {
    cpSync(demoModel, model, { recursive: true });
    cpSync(analysis, copy);
    linkSync(copy, join(root, 'link.json'));
  });

  it.each<[string, string, string[]]>([
    ['the document', copy, ['allocate', copy]],
    ['the document by another name', join(root, 'link.json'), ['allocate', copy]],
    ['the last of several', allocation, ['report', analysis, allocation]],
    ['the file of an option', copy, ['allocate', analysis, '--scores', copy]],
    ['weights', join(model, 'model.safetensors'), ['analyze', join(model, 'model.safetensors')]],
    ['weights in the folder', join(model, 'model.safetensors'), ['analyze', model]],
    ['config.json of the folder', join(model, 'config.json'), ['analyze', model]],
  ])('nor %s', async (_, file, args) => {
    const before = readFileSync(file);
    const { code, stderr } = await alphalora(...args, '-o', file);
    expect([code, stderr]).toEqual([
      2,
      `error: -o ${file} would replace what the command reads: name another file\n`,
    ]);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('but may be a result beside the weights, again', async () => {
    const file = join(model, 'analysis.json');
    for (let run = 0; run < 2; run++) {
      expect((await alphalora('analyze', model, '-o', file)).code).toBe(0);
    }
  });

  it('nor nothing', async () => {
    const { code, stderr } = await alphalora('allocate', analysis, '-o', '');
    expect([code, stderr]).toEqual([2, 'error: -o is empty: it takes a path\n']);
  });
});

describeUnless(posixLacks, 'a named pipe that nobody writes to', () => {
  beforeAll(() => void execFileSync('mkfifo', [join(root, 'silent.json')]));

  it.each(['SIGINT', 'SIGTERM'] as const)('as a document waits until %s', async (signal) => {
    const { child, outcome } = start(['allocate', 'silent.json']);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(child.exitCode).toBeNull();
    child.kill(signal);
    expect((await outcome).code).toBe(signal === 'SIGINT' ? 130 : 143);
  });

  it.each([
    ['report', 'silent.json', '-o', 'page.html'],
    ['allocate', 'silent.json'],
  ])('as the document of %s is waited for, of which nothing is kept', async (...args) => {
    const { child, outcome } = start(args);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    child.kill('SIGTERM');
    expect(await outcome).toEqual({ code: 143, stdout: '', stderr: 'interrupted\n' });
  });

  it('as an adapter is refused at once', async () => {
    const { code, stderr } = await alphalora('analyze', demoModel, '--adapter', 'silent.json');
    expect([code, stderr]).toEqual([
      1,
      'error: silent.json is not a folder but a named pipe; name a folder\n',
    ]);
  });

  it.each(['model.safetensors', 'config.json', 'tokenizer.json'])(
    'as the %s of a model is refused at once',
    async (name) => {
      const folder = mkdtempSync(join(root, 'model-'));
      for (const file of readdirSync(demoModel)) {
        if (file !== name) symlinkSync(join(demoModel, file), join(folder, file));
      }
      execFileSync('mkfifo', [join(folder, name)]);
      const args =
        name === 'tokenizer.json' ? ['generate', folder, '--prompt', 'x'] : ['inspect', folder];
      const { code, stderr } = await alphalora(...args);
      expect(code).toBe(1);
      expect(stderr).toContain(`${name} is not a regular file but a named pipe; give a file`);
    },
  );

  it('as data of a task, or as a configuration, is refused at once', async () => {
    const training = [
      'train',
      demoModel,
      '--allocation',
      allocation,
      '--task',
      'text',
      '-o',
      'run',
    ];
    const data = await alphalora(...training, '--data', 'silent.json');
    expect([data.code, data.stderr]).toEqual([1, expect.stringMatching(/not a regular file/)]);
    const config = await alphalora('policy', 'list', '--config', 'silent.json');
    expect([config.code, config.stderr]).toEqual([1, expect.stringMatching(/not a regular file/)]);
  });
});

/** A stdout or stderr that is full or closed, and ends that are forced: the built program. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, linuxLacks, posixLacks } from '@alphalora/testing/lacking';
import { programIn } from '@alphalora/testing/program';
import { demoModel, programFile } from '@alphalora/testing/repository';
import { beforeAll, expect, it } from 'vitest';

const root = temporaryFolder('broken');
const { start, alphalora } = programIn(root);

beforeAll(async () => {
  const { code } = await alphalora('analyze', demoModel, '-o', join(root, 'analysis.json'));
  expect(code).toBe(0);
});

/** A line of bash, in which `alphalora` is the program; ends with the codes of a pipeline. */
function shell(line: string) {
  const script = `alphalora() { "$NODE" "$MAIN" "$@"; }\n${line}\necho "codes \${PIPESTATUS[*]}" >&2`;
  const env = { ...process.env, NODE: process.execPath, MAIN: programFile };
  const { stdout, stderr } = spawnSync('bash', ['-c', script], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  return { stdout, stderr };
}

describeUnless(linuxLacks, 'a full stdout', () => {
  it('is an error in one line, and what went into a file is told', () => {
    const { stderr } = shell('alphalora allocate analysis.json -o a.json > /dev/full');
    const lines = stderr.split('\n').filter((line) => !line.startsWith('note: '));
    expect(lines.sort()).toEqual([
      '',
      'codes 1',
      'error: cannot write stdout: no space left on the device; free some, or write elsewhere',
      'wrote a.json',
    ]);
    expect(JSON.parse(readFileSync(join(root, 'a.json'), 'utf8')).kind).toBe('allocation');
  });

  it.each(['--help', 'schema analysis', 'inspect "$PWD/../none" --help'])('%s', (line) => {
    expect(shell(`alphalora ${line} > /dev/full`).stderr).toMatch(
      /^error: cannot write stdout: no space left .*\ncodes 1\n$/,
    );
  });
});

describeUnless(posixLacks, 'a closed pipe', () => {
  it('as stdout ends quietly', () => {
    const { stderr } = shell('alphalora schema analysis | true');
    expect(stderr).toBe('codes 0 0\n');
  });

  it('as stdout does not change what the command has to say by its exit code', () => {
    // No model has an alpha of 0: the threshold is crossed.
    const { stderr } = shell(
      `alphalora analyze '${demoModel}' -o b.json --fail-on 'alpha>0' 2>log | true`,
    );
    expect(stderr).toBe('codes 4 0\n');
    expect(readFileSync(join(root, 'log'), 'utf8')).toContain('wrote b.json');
  });

  it('as stderr, or a full one, changes nothing', () => {
    const expected = shell('alphalora allocate analysis.json -o c.json 2>/dev/null').stdout;
    expect(expected).not.toBe('');
    for (const stderr of ['> >(true)', '>/dev/full', '>&-']) {
      const { stdout } = shell(
        `sleep 0.1; alphalora allocate analysis.json -o c.json 2${stderr}; echo "code $?"`,
      );
      expect(stdout).toBe(`${expected}code 0\n`);
    }
  });
});

describeUnless(posixLacks, 'too few open files', () => {
  it('for the shards of a model are told as such, with the remedy', () => {
    const folder = join(root, 'sharded');
    mkdirSync(folder);
    const map: Record<string, string> = {};
    for (let shard = 0; shard < 320; shard++) {
      const name = `model.layers.${shard}.self_attn.q_proj.weight`;
      const file = `model-${shard}.safetensors`;
      const bytes = encodeValues(Float32Array.of(1, 2, 3, 4), 'F32');
      const tensors = [{ name, shape: [2, 2], dtype: 'F32' as const, bytes }];
      writeFileSync(join(folder, file), Buffer.concat(serializeSafetensors({ tensors })));
      map[name] = file;
    }
    const index = JSON.stringify({ weight_map: map });
    writeFileSync(join(folder, 'model.safetensors.index.json'), index);
    expect(shell(`(ulimit -n 256; alphalora inspect sharded)`).stderr).toMatch(
      /^error: cannot open sharded\/model-\d+\.safetensors: this process has too many open files; raise the limit, e\.g\. ulimit -n 4096\ncodes 1\n$/,
    );
    expect(shell('alphalora inspect sharded').stderr).toBe('codes 0\n');
  });
});

describeUnless(posixLacks, 'a thread that is blocked for ever', () => {
  const blocked = `
    import { readFileSync, writeFileSync } from 'node:fs';
    writeFileSync('blocked', '');
    readFileSync('silent');
    export default {};`;

  beforeAll(() => {
    execFileSync('mkfifo', [join(root, 'silent')]);
    writeFileSync(join(root, 'blocked.mjs'), blocked);
  });

  it('does not survive the second Ctrl-C', async () => {
    const { child, outcome } = start(['allocate', 'analysis.json', '--policy', './blocked.mjs']);
    const seen = (): boolean => spawnSync('test', ['-e', join(root, 'blocked')]).status === 0;
    while (!seen()) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(child.exitCode).toBeNull();
    child.kill('SIGINT');
    await outcome;
    // A shell reports 130 for it.
    expect(child.signalCode).toBe('SIGINT');
  });
});

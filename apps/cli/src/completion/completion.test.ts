/** The scripts of the shells that are installed, run by them. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { itUnless, type Lack, posixLacks } from '@alphalora/testing/lacking';
import { programIn } from '@alphalora/testing/program';
import { programFile } from '@alphalora/testing/repository';
import { beforeAll, describe, expect, it } from 'vitest';

const root = temporaryFolder('completion');
const { alphalora } = programIn(root);
const bin = join(root, 'bin');

beforeAll(() => {
  mkdirSync(bin);
  mkdirSync(join(root, 'my-model'));
  const shim = join(bin, 'alphalora');
  writeFileSync(shim, `#!/bin/sh\nexec '${process.execPath}' '${programFile}' "$@"\n`);
  chmodSync(shim, 0o755);
});

const lacks = (shell: string): Lack =>
  posixLacks ??
  (spawnSync(shell, ['--version']).status === 0 ? undefined : `${shell} is not installed`);

function inShell(shell: string, args: readonly string[]): string {
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
  const { stdout, stderr } = spawnSync(shell, args, { cwd: root, env, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

/** What is typed, and the names that are to be offered; undefined where files are. */
const cases: Array<[typed: string, offered: string[] | undefined]> = [
  ['comp', ['compare', 'completion']],
  ['queue ', ['status', 'help']],
  ['analyze --est', ['--estimator']],
  ['analyze --precision ', ['auto', 'f32', 'f64']],
  ['analyze m --precision f', ['f32', 'f64']],
  ['allocate --policy uni', ['uniform']],
  ['plan --export peft,ax', ['peft,axolotl']],
  ['policy info lay', ['layerif']],
  ['schema al', ['allocation']],
  ['inspect my', undefined],
  ['allocate --policy my', undefined],
  ['analyze --metrics snr my', undefined],
  ['analyze --jobs ', []],
];

describe('what may stand at the cursor', () => {
  it.each(cases)('%s', async (typed, offered) => {
    const { stdout, code } = await alphalora('completion', 'bash', '--', ...typed.split(' '));
    expect(code).toBe(0);
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines).toEqual(offered?.length === 0 ? [':'] : (offered ?? []));
  });

  it('is described for the shells that show it', async () => {
    const { stdout } = await alphalora('completion', 'fish', '--', 'gen');
    expect(stdout).toBe('generate\tcontinue a prompt\n');
    const zsh = await alphalora('completion', 'zsh', '--', 'analyze', '--estimator=k');
    expect(zsh.stdout).toBe('--estimator=ks\n');
    const powershell = await alphalora('completion', 'powershell', '--', 'analyze', '@--est');
    expect(powershell.stdout).toMatch(/^--estimator\tfit tails with/);
  });

  it('is data for programs', async () => {
    const { stdout } = await alphalora(
      'completion',
      'bash',
      '--json',
      '--',
      'allocate',
      '--policy',
      'uni',
    );
    expect(JSON.parse(stdout)).toEqual({
      candidates: [{ value: 'uniform', description: '' }],
      files: true,
    });
  });
});

describe('in a shell', () => {
  itUnless(lacks('bash'), 'bash offers it', () => {
    // As readline calls it, which splits words at an =.
    const typed = [
      ...cases.map(([line]) => line),
      'allocate --policy = uni',
      'allocate --policy =',
    ];
    const script = `
      set -u; source <(alphalora completion bash); source <(alphalora completion bash)
      ask() { COMP_WORDS=(alphalora "$@"); COMP_CWORD=$#; _alphalora; echo "\${COMPREPLY[*]:-}"; }
      complete -p alphalora
      ${typed
        .map(
          (line) =>
            `ask ${line
              .split(' ')
              .map((word) => `"${word}"`)
              .join(' ')}`,
        )
        .join('\n')}
    `;
    const [registered, ...lines] = inShell('bash', ['-c', script]).trimEnd().split('\n');
    expect(registered).toBe('complete -o default -F _alphalora alphalora');
    expect(lines.slice(0, cases.length)).toEqual(
      cases.map(([, offered = []]) => offered.join(' ')),
    );
    expect(lines[cases.length]).toBe('uniform');
    expect(lines[cases.length + 1]).toContain('alphalora uniform mola');
  });

  itUnless(lacks('fish'), 'fish offers it', () => {
    const asked = cases.map(([line]) => `echo "=="; complete -C 'alphalora ${line}'`).join('; ');
    const text = inShell('fish', [
      '--no-config',
      '-c',
      `alphalora completion fish | source; ${asked}`,
    ]);
    const found = text
      .split('==\n')
      .slice(1)
      .map((part) =>
        part
          .split('\n')
          .slice(0, -1)
          .map((line) => line.split('\t')[0]!),
      );
    for (const [i, [line, offered]] of cases.entries()) {
      expect(found[i]!.toSorted(), line).toEqual(offered?.toSorted() ?? ['my-model/']);
    }
  });

  itUnless(lacks('zsh'), 'zsh offers it', () => {
    // What compsys is told to show, without a terminal.
    const script = `
      compdef() { :; }; _files() { print -- FILES; }
      _describe() { local name=\${@[-1]}; print -- "\${(@)\${(@P)name}%%:*}"; }
      source <(alphalora completion zsh)
      ask() { words=(alphalora "$@"); CURRENT=$#words; _alphalora || print -- NOTHING; }
      ${cases
        .map(
          ([line]) =>
            `ask ${line
              .split(' ')
              .map((word) => `"${word}"`)
              .join(' ')}`,
        )
        .join('\n')}
    `;
    const lines = inShell('zsh', ['-f', '-c', script]).trimEnd().split('\n');
    expect(lines).toEqual(
      cases.map(([, offered]) =>
        offered === undefined ? 'FILES' : offered.length === 0 ? 'NOTHING' : offered.join(' '),
      ),
    );
  });
});

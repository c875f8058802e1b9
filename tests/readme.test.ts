/**
 * The READMEs are true: each `ts` block runs by itself and prints what the block `text` or `console`
 * right after it shows; each command in a `sh` block exists.
 *
 * The examples run as a user would run them: against the built packages (`npm test` builds first),
 * in a folder that has them in `node_modules` and the demo checkpoint as `model`.
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { userFolder, writeModule } from './lib/examples.js';
import { type Fence, fencesOf } from './lib/markdown.js';
import { readManifest, root, workspacePackages } from './lib/workspace.js';

const run = promisify(execFile);
const packages = workspacePackages();
const cli = join(root, 'apps/cli/dist/main.js');
const readmes = ['.', ...packages.map(({ folder }) => folder)].map((folder) => ({
  folder,
  fences: existsSync(join(root, folder, 'README.md'))
    ? fencesOf(readFileSync(join(root, folder, 'README.md'), 'utf8'))
    : [],
}));

describe.each(readmes)('README.md of $folder', ({ folder, fences }) => {
  const examples = fences.flatMap((fence, at) =>
    fence.language === 'ts' ? [{ ...fence, output: shownOutput(fences[at + 1]) }] : [],
  );

  it('is there, with an example where it describes a library', () => {
    expect(existsSync(join(root, folder, 'README.md'))).toBe(true);
    if (folder.startsWith('packages/')) expect(examples).not.toEqual([]);
  });

  it.each(examples)('runs the example on line $line', async ({ code, output }) => {
    const cwd = await userFolder(folder);
    await writeModule(join(cwd, 'example.mjs'), code);
    const { stdout } = await run(process.execPath, ['example.mjs'], { cwd });
    if (output !== undefined) expect(trimmed(stdout)).toBe(trimmed(output));
  });

  const commands = fences.filter(({ language }) => language === 'sh').flatMap(commandsOf);

  it.each(commands)('names a command that exists: $program $command', async (named) => {
    if (named.program === 'npm') {
      expect(Object.keys(readManifest('.')['scripts'] as object)).toContain(named.command);
    } else {
      const { stdout } = await run(process.execPath, [cli, named.command, '--help']);
      expect(stdout).toContain(`alphalora ${named.command}`);
    }
  });
});

describe('the extraction', () => {
  it('finds blocks, their outputs and the commands in them', () => {
    const fences = fencesOf('a\n```ts\nx;\n```\n\n```text\n1\n```\n```sh\nnpm run a\n```\n');
    expect(fences.map(({ language, line }) => [language, line])).toEqual([
      ['ts', 2],
      ['text', 6],
      ['sh', 9],
    ]);
    expect(shownOutput(fences[1])).toBe('1\n');
    expect(shownOutput(fences[2])).toBeUndefined();
    const code =
      'npm test\nnpm run --silent b -- c d # npm run e\nnpx alphalora plan m\nalphalora --help\n' +
      'npm run -s alphalora -- inspect m';
    expect(commandsOf({ language: 'sh', code, line: 1 })).toEqual([
      { program: 'npm', command: 'test' },
      { program: 'npm', command: 'b' },
      { program: 'alphalora', command: 'plan' },
      { program: 'npm', command: 'alphalora' },
      { program: 'alphalora', command: 'inspect' },
    ]);
  });
});

function shownOutput(fence: Fence | undefined): string | undefined {
  return fence && ['text', 'console'].includes(fence.language) ? fence.code : undefined;
}

/** The npm scripts and subcommands of `alphalora` that the lines of a shell block start. */
function commandsOf({ code }: Fence): { program: 'npm' | 'alphalora'; command: string }[] {
  return code.split('\n').flatMap((line) => {
    const text = line.replace(/(^|\s)#.*$/, '');
    const npm = /\bnpm (?:(start|test)\b|run (?:--?\S+ )*([\w:]+))/.exec(text);
    const ours = /(?:^|npx |run (?:--?\S+ )*|\| *|&& *)alphalora (?:-- )?([a-z]+)/.exec(text);
    return [
      ...(npm ? [{ program: 'npm' as const, command: (npm[1] ?? npm[2])! }] : []),
      ...(ours ? [{ program: 'alphalora' as const, command: ours[1]! }] : []),
    ];
  });
}

function trimmed(text: string): string {
  return text.replace(/[ \t]+$/gm, '').trim();
}

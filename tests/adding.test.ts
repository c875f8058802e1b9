/**
 * The pages of `docs/adding` are true: the file that a page shows passes its conformance kit, with the
 * output that is shown; the line for the registry looks as the lines there do; the commands use the file
 * from outside.
 */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { userFolder, writeModule } from './lib/examples.js';
import { fencesOf } from './lib/markdown.js';
import { root } from './lib/workspace.js';

const run = promisify(execFile);
const cli = join(root, 'apps/cli/dist/main.js');
const folder = join(root, 'docs/adding');
const pages = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');

describe.each(pages)('docs/adding/%s', (page) => {
  const text = readFileSync(join(folder, page), 'utf8');
  const fences = fencesOf(text);
  const [file, check] = fences.filter(({ language }) => language === 'ts');
  const [output] = fences.filter(({ language }) => language === 'text');
  const [line] = fences.filter(({ language }) => language === 'js');
  const [commands] = fences.filter(({ language }) => language === 'sh');
  const [, own] = /export default (\w+);/.exec(file!.code)!;

  it('shows a line as those of the registry are', () => {
    const [, registry] = /The line in `(.*?)`/.exec(text)!;
    const lines = readFileSync(join(root, registry!), 'utf8');
    const words = line!.code.trim().replace(/,$/, '').split(own!);
    expect(lines).toMatch(new RegExp(words.map(escaped).join("[\\w'-]+")));
  });

  it('is used as it says, after its checks', { timeout: 120_000 }, async () => {
    const cwd = await userFolder('packages/molora-tfjs');
    await writeModule(join(cwd, `${own}.mjs`), file!.code);
    await writeModule(join(cwd, 'check.mjs'), check!.code);
    const { stdout } = await run(process.execPath, ['check.mjs'], { cwd });
    expect(stdout).toBe(output?.code ?? '');
    // What commands that train or score need beside the demo model.
    await writeFile(join(cwd, 'data.jsonl'), '{"prompt":"sort: ba >","completion":" ab"}\n');
    for (const command of commands!.code.trim().split('\n')) {
      const shell = command.replace(/^alphalora /, `"${process.execPath}" "${cli}" `);
      const { stderr } = await run('sh', ['-c', shell], { cwd });
      expect(stderr).not.toMatch(/error|failed/i);
    }
  });
});

it('the list of pages has all of them', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8');
  const linked = [...list.matchAll(/\]\((\w+\.md)\)/g)].map(([, name]) => name!);
  expect(linked.sort()).toEqual([...pages].sort());
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** `--help` stays quick: whatever lists commands and options loads none of the code behind them. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { describe, expect, it } from 'vitest';
import {
  declaredProgram,
  everyCommand,
  examplesIn,
  helpOf,
  pathOf,
  shellWords,
} from './test-support/commands.js';

const root = temporaryFolder('help');
const { start } = programIn(root);

/** The files that a start loads, which Node lists for its own measure of coverage. */
async function loaded(...args: string[]): Promise<string[]> {
  const folder = mkdtempSync(join(root, 'loaded-'));
  const { code } = await start(args, { env: { NODE_V8_COVERAGE: folder } }).outcome;
  expect(code).toBe(0);
  const files = readdirSync(folder).flatMap((name) => {
    const { result } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    return (result as Array<{ url: string }>).map(({ url }) => url);
  });
  return files.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
}

/** `commander`, or `packages/documents` of this repository. */
function packageOf(file: string): string {
  const [, installed] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file) ?? [];
  return installed ?? /(packages|apps)\/[^/]+/.exec(file)![0];
}

describe('help', () => {
  it.each([[['--help']], [['analyze', '--help']], [['train', '--help']]])(
    '%j loads options and names alone',
    async (args) => {
      const files = await loaded(...args);
      expect([...new Set(files.map(packageOf))].sort()).toEqual([
        '@commander-js/extra-typings',
        'apps/cli',
        'commander',
        'packages/contracts',
        'packages/documents',
        'packages/exporters',
        'packages/htsr-core',
      ]);
      expect(files.filter((file) => /documents\/.*\/(index|validators)\.js$/.test(file))).toEqual(
        [],
      );
      // Of which only the names of estimators, and which is the default.
      const ofMeasuring = files.filter((file) => file.includes('/htsr-core/')).sort();
      expect(ofMeasuring).toEqual([
        expect.stringMatching(/dist\/defaults\.js$/),
        expect.stringMatching(/estimators\/index\.js$/),
      ]);
      expect(files.filter((file) => /dist\/commands\/.*\/run\.js$/.test(file))).toEqual([]);
    },
  );

  it('would see what a command loads', async () => {
    const packages = (await loaded('doctor')).map(packageOf);
    expect(packages).toContain('packages/measuring');
  });
});

describe('the help of every command', () => {
  const calls: string[] = [];
  const all = everyCommand(declaredProgram((path) => calls.push(path)));
  const named = all.map((command) => [pathOf(command) || 'alphalora', command] as const);

  it('knows all commands', () => {
    expect(named.map(([name]) => name)).toEqual(
      expect.arrayContaining(['alphalora', 'analyze', 'queue status', 'policy new']),
    );
  });

  it('has all commands in the table of the README, too', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    const rows = readme.split('\n').filter((line) => line.startsWith('| `alphalora '));
    const listed = rows.join(' ').match(/(?<=`(?:alphalora )?)[a-z]+/g);
    const names = declaredProgram(() => undefined).commands.map(pathOf);
    expect(listed).toEqual(expect.arrayContaining(names));
  });

  it.each(named)('%s ends with examples that it parses', async (name, command) => {
    const lines = examplesIn(await helpOf(command));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) {
      const [program, ...words] = shellWords(line);
      expect(program).toBe('alphalora');
      if (name !== 'alphalora') expect(words.join(' '), line).toMatch(new RegExp(`^${name} ?`));
      calls.length = 0;
      // Each has a program of its own: commander keeps the values of options.
      await declaredProgram((path) => calls.push(path)).parseAsync(words, { from: 'user' });
      expect(calls, line).toHaveLength(1);
      expect(words.join(' ')).toMatch(new RegExp(`^${calls[0]}( |$)`));
    }
  });

  it('would see an option that is missing', async () => {
    const program = declaredProgram(() => undefined);
    await expect(program.parseAsync(['plan', '--gone'], { from: 'user' })).rejects.toThrow(
      "unknown option '--gone'",
    );
  });

  it.each(named)('%s says of every option what it does', (_, command) => {
    for (const { long, description, hidden } of command.options) {
      if (hidden) continue;
      // An imperative: no article, preposition, bracket or name of a thing at the start.
      expect(description, long).toMatch(/^[a-z]+ (?!of\b)/);
      expect(description, long).not.toMatch(
        /^(of|at|in|a|an|the|on|for|where|what|which|how|most|only|to|from|by|with|as|e)\b/,
      );
      expect(description, long).not.toMatch(
        /\b(share[sd]? out|draws|whoever|who|goes on|go on|outdo\w*|mend\w*|otherwise)\b/,
      );
    }
  });

  it.each(['analyze', 'allocate', 'plan', 'train'])('%s groups its options', async (name) => {
    const [, command] = named.find(([each]) => each === name)!;
    const help = await helpOf(command);
    const headings = help.match(/^[A-Z].*:$/gm)!;
    expect(headings.length).toBeGreaterThan(6);
    // Under none but their headings: what is about no group, and `--help`.
    const [, ungrouped] = /^Options:\n([\s\S]*?)\n\n/m.exec(help)!;
    expect(ungrouped!.match(/^ {2}-/gm)!.length).toBeLessThan(4);
  });
});

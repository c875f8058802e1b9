/** What the comparison of scores says is what its runs say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from './lib/workspace.js';

const folder = join(root, 'benchmarks/stability');
const { planted, real } = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'));
const text = readFileSync(join(folder, 'README.md'), 'utf8');
const { choice } = await import(join(folder, 'summary.mjs'));

it('was run as it was designed', () => {
  const candidates = [...text.matchAll(/^\| `([\w-]+)` +\| [a-z-]+[^|]*\| (?:mean|geometric)/gm)];
  const names = candidates.map(([, name]) => name);
  expect(names).toHaveLength(10);
  // 24 kinds with 8 seeds, of which the last four are held out.
  expect(planted).toHaveLength(names.length * 24 * 8);
  for (const { seed, heldOut } of planted) expect(heldOut).toBe(seed >= 5);
  expect(new Set(planted.map(({ candidate }: { candidate: string }) => candidate))).toEqual(
    new Set(names),
  );
  expect(real).toHaveLength(names.length * 6);
});

it('chooses by its rule what the page says', () => {
  const { ordered, rest } = choice();
  expect(text).toContain(`\`${ordered[0].name}\` is the choice`);
  expect(rest.map(({ name }: { name: string }) => name)).toContain('published');
  for (const { name, error, spearman, ranks = 'not eligible' } of [...ordered, ...rest]) {
    const cells = `| \`${name}\` | ${error.toPrecision(3)} | ${spearman.toPrecision(3)} |`;
    const row = text
      .replace(/ +\|/g, ' |')
      .split('\n')
      .find((line) => line.startsWith(cells));
    expect(row, name).toMatch(new RegExp(`\\| ${ranks} \\|$`));
  }
});

it('chooses what holds on the real model of thirty blocks', () => {
  const [{ smol }] = choice().ordered;
  expect(smol.leaveOneOut).toBeLessThanOrEqual(2);
  expect(smol.experts.noise + smol.experts.bfloat16).toBeLessThanOrEqual(2);
  expect(smol.experts.fromUniform).toBeGreaterThanOrEqual(20);
});

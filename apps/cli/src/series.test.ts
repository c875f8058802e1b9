/** Series of analyses, and saved spectra, by the command line. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDocument } from '@alphalora/documents';
import { allocationOf, analysisOf, measuredRow } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { demoModel } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';
import { alphalora } from './test-support/in-process.js';

const folder = temporaryFolder('series');

function file(name: string, alphas: number[], options: Record<string, unknown> = {}): string {
  const rows = alphas.map((alpha, i) => measuredRow(`h.${i}.q_proj.weight`, alpha));
  const blocks = alphas.map((alpha) => ({ alpha }));
  const path = join(folder, name);
  writeFileSync(path, formatDocument(analysisOf(rows, blocks, options)));
  return path;
}

const [step1000, step90, step900] = [
  file('step-1000.json', [2, 2.5]),
  file('step-90.json', [5, 4]),
  file('step-900.json', [3, 3]),
];

describe('compare --series', () => {
  it('goes by the numbers in the names, or as given', async () => {
    const { stdout, code } = await alphalora('compare', '--series', step1000, step90, step900);
    expect(code).toBe(0);
    expect(stdout).toContain('in the order of their names: step-90, step-900, step-1000\n');
    const given = ['--order', 'given', '--json'];
    const other = await alphalora('compare', '--series', step1000, step90, step900, ...given);
    expect(JSON.parse(other.stdout)).toMatchObject({
      ...{ kind: 'comparison', of: 'series' },
      blocks: [
        { index: 0, alpha: [2, 5, 3], change: 1 },
        { index: 1, alpha: [2.5, 4, 3], change: 0.5 },
      ],
      mean: { blocks: 2, alpha: [2.25, 4.5, 3] },
    });
  });

  it('warns of different settings and refuses what is no series', async () => {
    const hill = file('hill.json', [3, 3], { estimator: 'hill' });
    const { stderr, code } = await alphalora('compare', '--series', step90, step900, hill);
    expect(code).toBe(0);
    expect(stderr).toContain('estimator is "hill" in hill and "ks" in step-90, step-900\n');
    const one = await alphalora('compare', '--series', step90);
    expect([one.code, one.stderr]).toEqual([
      2,
      expect.stringMatching(/takes two or more analyses/),
    ]);
    const deep = await alphalora('compare', '--series', step90, file('deep.json', [1.5, 2, 3]));
    expect(deep.code).toBe(1);
    expect(deep.stderr).toContain('the number of blocks of deep is 3, that of step-90 2: give');
    const both = await alphalora('compare', '--series', '--policies', 'uniform', step90, step900);
    expect([both.code, both.stderr]).toEqual([
      2,
      expect.stringMatching(/--policies has no effect here: --series allocates nothing/),
    ]);
  });
});

it('an order is refused without a series', async () => {
  const { code, stderr } = await alphalora('compare', step90, step900, '--order', 'given');
  expect([code, stderr]).toEqual([2, expect.stringMatching(/--order has no effect here/)]);
});

describe('report --series', () => {
  const page = join(folder, 'page.html');

  it('is about the last checkpoint, with an allocation where one is given', async () => {
    const allocation = join(folder, 'allocation.json');
    writeFileSync(allocation, formatDocument(allocationOf([3, 5])));
    const given = ['report', '--series', step1000, allocation, step90, '-o', page];
    const { code, stderr } = await alphalora(...given);
    expect(code, stderr).toBe(0);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('2 checkpoints, from step-90 to step-1000');
    expect(text).toContain('allocation of');
  });

  it('takes two analyses or more', async () => {
    const one = await alphalora('report', '--series', step90, '-o', page);
    expect([one.code, one.stderr]).toEqual([2, expect.stringMatching(/two or more analyses/)]);
  });
});

describe('analyze --save-spectra', () => {
  const given = [
    'analyze',
    demoModel,
    '--include',
    '*q_proj*',
    '--estimator',
    'ks',
    '--draws',
    '0',
  ];
  const settings = [...given, '--cache-dir', join(folder, 'cache')];

  it('writes a file for each matrix, and says so', async () => {
    const spectra = join(folder, 'spectra');
    const { code, stderr, stdout } = await alphalora(...settings, '--save-spectra', spectra);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`wrote the eigenvalues of 8 matrices into ${spectra}\n`);
    expect(readdirSync(spectra)).toHaveLength(9);
    expect(stdout).toMatch(/means over 8 matrices\n {2}log_norm \S+, alpha /);
  });

  it('is refused with a queue, and over files of others', async () => {
    const queue = ['--queue', 'redis://localhost/none'];
    const far = await alphalora(...given, ...queue, '--save-spectra', join(folder, 'far'));
    expect([far.code, far.stderr]).toEqual([
      2,
      expect.stringMatching(/--save-spectra does not go/),
    ]);
    writeFileSync(join(folder, 'spectra.json'), '{}');
    const taken = await alphalora(...settings, '--save-spectra', folder);
    expect([taken.code, taken.stderr]).toEqual([2, expect.stringMatching(/name an empty folder/)]);
  });
});

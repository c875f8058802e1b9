/** The built program's gates, comparisons and exports: streams and exit codes. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnalysedRow, Analysis } from '@alphalora/contracts';
import { formatDocument } from '@alphalora/documents';
import { allocationOf, analysisOf, failedRow, measuredRow } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { describe, expect, it } from 'vitest';

const demo = fileURLToPath(new URL('../dist/demo', import.meta.url));
const root = temporaryFolder('compare');
const { alphalora } = programIn(root);

function written(name: string, document: Parameters<typeof formatDocument>[0]): string {
  writeFileSync(join(root, name), formatDocument(document));
  return name;
}

const blocks = [{ alpha: 2.5 }, { alpha: 3.5 }];
const before = written(
  'before.json',
  analysisOf(
    [measuredRow('h.0.q_proj.weight', 2.5), measuredRow('h.1.q_proj.weight', 3.5)],
    blocks,
  ),
);

describe('--fail-on', () => {
  it('ends with 4, names the matrices, and writes the file all the same', async () => {
    const output = join(root, 'gated.json');
    const gates = ['--fail-on', 'alpha>2.85', '--fail-on', 'block.alpha<1'];
    const { code, stderr } = await alphalora('analyze', demo, '-o', output, ...gates);
    expect(code, stderr).toBe(4);
    const { matrices } = JSON.parse(readFileSync(output, 'utf8')) as Analysis;
    const over = matrices.filter((row) => row.status === 'ok' && row.alpha > 2.85) as AnalysedRow[];
    expect(over.length).toBeGreaterThan(0);
    const lines = stderr.split('\n').filter((line) => line.startsWith('--fail-on'));
    expect(lines).toHaveLength(over.length);
    for (const { name, alpha } of over) {
      expect(stderr).toContain(`--fail-on alpha>2.85: ${name} has ${Math.floor(alpha)}.`);
    }
    expect((await alphalora('analyze', demo, '--fail-on', 'alpha>100')).code).toBe(0);
  });

  it('outweighs failed matrices', async () => {
    const failing = written(
      'failing.json',
      analysisOf(
        [measuredRow('h.0.q_proj.weight', 2), failedRow('h.0.k_proj.weight')],
        [{ alpha: 2 }],
      ),
    );
    expect((await alphalora('allocate', failing)).code).toBe(3);
    const gated = await alphalora(
      'allocate',
      failing,
      '--fail-on',
      'failed>0',
      '-o',
      'gated-a.json',
    );
    expect(gated.code).toBe(4);
    expect(existsSync(join(root, 'gated-a.json'))).toBe(true);
  });

  it.each([
    ['alpha=>4', /is not <name><comparison><number>/],
    ['alhpa>4', /"alhpa"; it knows alpha, .*block\.alpha/],
  ])('%s is wrong usage, known before anything is measured', async (threshold, message) => {
    const { code, stdout, stderr } = await alphalora('plan', '--demo', '--fail-on', threshold);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('compare', () => {
  it('shows two analyses and warns about options that differ', async () => {
    const after = written(
      'after.json',
      analysisOf(
        [measuredRow('h.0.q_proj.weight', 2.75), measuredRow('h.1.q_proj.weight', 3.5)],
        [{ alpha: 2.75 }, { alpha: 3.5 }],
        { estimator: 'hill' },
      ),
    );
    const { code, stdout, stderr } = await alphalora('compare', before, after, '--top', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^h\.0\.q_proj\.weight +2\.500 +2\.750 +\+0\.250$/m);
    expect(stdout).not.toContain('h.1.q_proj');
    expect(stderr).toMatch(/warning: .*estimator is "ks" in a and "hill" in b/);
    const json = JSON.parse((await alphalora('compare', before, after, '--json')).stdout);
    expect(json).toMatchObject({ kind: 'comparison', of: 'analysis', rankCorrelation: 1 });
  });

  it('shows two models, and refuses a model beside a document', async () => {
    const { code, stdout } = await alphalora('compare', demo, demo, '--top', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mean of (\d+) matrices +0 +0$[\s\S]*^\1 of \1 are the same in both$/m);
    const json = JSON.parse((await alphalora('compare', demo, demo, '--cka', '--json')).stdout);
    expect(json).toMatchObject({ of: 'models', mean: { euclidean: 0, raw: 0, relative: 0 } });
    expect(json.mean.cka).toBeCloseTo(1, 9);
    const mixed = await alphalora('compare', before, demo);
    expect(mixed.stderr).toMatch(/before\.json is a document and .*demo a model/);
    const options = await Promise.all([
      alphalora('compare', before, before, '--cka'),
      alphalora('compare', demo, demo, '--stack', 'x'),
    ]);
    expect(options.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining('--cka has no effect here: it is about two models'),
      expect.stringContaining('--stack has no effect here: it is about the blocks'),
    ]);
    expect([mixed, ...options].map((each) => each.code)).toEqual([2, 2, 2]);
  });

  it('shows two allocations, and refuses one of each', async () => {
    const [one, two] = [
      [1, 3],
      [2, 2],
    ].map((experts, i) => written(`allocation-${i}.json`, allocationOf(experts)));
    const json = JSON.parse((await alphalora('compare', one!, two!, '--json')).stdout);
    expect(json).toMatchObject({ kind: 'comparison', of: 'allocation', distance: 2 });
    const mixed = await alphalora('compare', before, one!);
    expect(mixed.stderr).toMatch(
      /before\.json is an analysis and allocation-0\.json an allocation/,
    );
    expect([mixed.code, mixed.stdout]).toEqual([1, '']);
    writeFileSync(join(root, 'other.json'), '{"kind":"recipe"}');
    const other = await alphalora('compare', before, 'other.json');
    expect(other.stderr).toMatch(/neither an analysis nor an allocation: its kind is "recipe"/);
    expect(other.code).toBe(1);
  });
});

describe('export', () => {
  it('writes the table to stdout or into a file', async () => {
    const { code, stdout } = await alphalora('export', before, '--to', 'csv');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^layer_id,name,D,.*\n0,q_proj,0\.1,/);
    const file = await alphalora('export', before, '--to', 'csv', '-o', 'details.csv');
    expect([file.code, file.stdout]).toEqual([0, '']);
    expect(readFileSync(join(root, 'details.csv'), 'utf8')).toBe(stdout);
  });

  it.each([
    [['--to', 'parquet'], /unknown format "parquet"/],
    [[], /required option '--to <format>'/],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stderr } = await alphalora('export', before, ...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

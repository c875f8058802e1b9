import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDocument } from '@alphalora/documents';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { alphalora } from '../../test-support/in-process.js';
import { parsePolicies } from './policies.js';

describe('the list of policies', () => {
  it('has references, and options behind colons', () => {
    const list = parsePolicies('alphalora:beta=1,mola:groups=[2,4],C:\\own\\p.mjs:a=b:c=2, ./q.js');
    expect(list.map(({ reference, set }) => [reference, set])).toEqual([
      ['alphalora', { beta: 1 }],
      ['mola', { groups: [2, 4] }],
      ['C:\\own\\p.mjs', { a: 'b', c: 2 }],
      ['./q.js', {}],
    ]);
    expect(list[1]!.written).toBe('mola:groups=[2,4]');
  });

  it('has scores behind an @, which is not the one of a scope or a path', () => {
    const list = parsePolicies(
      'alphalora:beta=1@hill,@own/policy,@own/policy@math.gradient,./node_modules/@own/p.mjs,./p@2.mjs',
    );
    expect(list.map(({ reference, score }) => [reference, score])).toEqual([
      ['alphalora', 'hill'],
      ['@own/policy', undefined],
      ['@own/policy', 'math.gradient'],
      ['./node_modules/@own/p.mjs', undefined],
      ['./p@2.mjs', undefined],
    ]);
    expect(list[0]!.set).toEqual({ beta: 1 });
    expect(() => parsePolicies('alphalora@hill:beta=1')).toThrow(/behind the options/);
  });

  it.each(['', 'a,,b', 'a,a', ':beta=1'])('%j is refused', (text) => {
    expect(() => parsePolicies(text)).toThrow(/--policies/);
  });
});

describe('policies by several scores', () => {
  const folder = temporaryFolder('compare-policies');
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const names = [0, 1, 2].map((block) => `h.${block}.q_proj.weight`);
  const analysis = (estimator: string, alphas: number[]): string => {
    const rows = alphas.map((alpha, i) =>
      measuredRow(names[i]!, alpha, { metrics: { snr: 3 - i } }),
    );
    const blocks = alphas.map((alpha) => ({ alpha }));
    return file(`${estimator}.json`, formatDocument(analysisOf(rows, blocks, { estimator })));
  };
  const [hill, ks] = [analysis('hill', [1, 2, 3]), analysis('ks', [2, 2, 2])];
  const scores = file(
    'scores.json',
    JSON.stringify(
      names.map((name, block) => ({
        ...{ name, block, score: 1 },
        measures: { gradient: { mean: 4 - block }, fisher: { mean: 1 } },
      })),
    ),
  );

  it('are a column for each, with the correlations of the scores', async () => {
    const given = ['compare', hill, ks, '--scores', scores, '--total', '12'];
    const policies = [
      '--policies',
      'proportional@gradient,alphalora:beta=1,proportional@snr,uniform',
    ];
    const { stdout, code, stderr } = await alphalora(...given, ...policies, '--json');
    expect(code, stderr).toBe(0);
    const comparison = JSON.parse(stdout);
    const columns = comparison.policies.map((own: { label: string; amounts: number[] }) => [
      own.label,
      own.amounts,
    ]);
    expect(Object.fromEntries(columns)).toEqual({
      // In proportion to 4, 3, 2 of 12, rounded.
      'proportional@gradient': [5, 4, 3],
      'alphalora:beta=1@hill': [2, 4, 6],
      'alphalora:beta=1@ks': [4, 4, 4],
      'alphalora:beta=1@gradient': [5, 4, 3],
      'alphalora:beta=1@fisher': [4, 4, 4],
      'proportional@snr': [6, 4, 2],
      uniform: [4, 4, 4],
    });
    const { stdout: text } = await alphalora(...given, ...policies, '--top', '1');
    expect(text).toMatch(/^hill, snr +-1\.00\* +-1\.00\* +-1\.00\*$/m);
    expect(text).toMatch(/^block +hill +ks +snr +gradient +fisher +difference$/m);
  });

  it('need policies, and scores that are there', async () => {
    const alone = await alphalora('compare', hill, ks, '--scores', scores);
    expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('--policies')]);
    const unknown = await alphalora('compare', hill, '--policies', 'alphalora@gradient');
    expect([unknown.code, unknown.stderr]).toEqual([
      ...[2, expect.stringContaining('there is no score "gradient", only hill, snr')],
    ]);
  });
});

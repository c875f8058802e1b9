/** `allocate` and `compare --policies` as they are called: options in, documents and messages out. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Allocation } from '@alphalora/contracts';
import { formatDocument } from '@alphalora/documents';
import { analysisOf, failedRow, measuredRow, skippedRow } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { alphalora } from '../test-support/in-process.js';

const folder = temporaryFolder('allocating');

async function allocation(...argv: string[]): Promise<Allocation> {
  const { code, stdout, stderr } = await alphalora('allocate', ...argv, '--json');
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Two blocks of a square and a wide projection; `norm` over the weights is the variance. */
const shapes = { q_proj: [8, 8], up_proj: [24, 8] };
const matrices = [1, 3].flatMap((alpha, block) =>
  Object.entries(shapes).map(([role, shape]) =>
    measuredRow(`h.${block}.${role}.weight`, alpha, {
      shape,
      metrics: { norm: shape[0]! * shape[1]! * (block + 1) },
    }),
  ),
);
const analysis = file(
  'analysis.json',
  formatDocument(analysisOf(matrices, [{ alpha: 1 }, { alpha: 3 }])),
);
const linear = ['--set', 'beta=1'];

describe('allocate', () => {
  it('shares out ranks by projection under a number of parameters', async () => {
    const made = await allocation(
      ...[analysis, ...linear, '--unit', 'rank', '--per', 'projection', '--parameters', '0.384k'],
    );
    // A rank costs 16 and 32, and 1 : 1 : 3 : 3 of them 48 + 144 = 192; twice that is 384.
    expect(made.projections!.map(({ rank }) => rank)).toEqual([2, 2, 6, 6]);
    expect(made.budget).toMatchObject({ unit: 'rank', per: 'projection', measure: 'parameters' });
    expect(made.parameters!.trainable).toBe(384);
  });

  it('counts the average of the layers', async () => {
    expect((await allocation(analysis, ...linear, '--average', '6')).experts).toEqual([3, 9]);
  });

  it('takes the usual budget and policy of the resource', async () => {
    const experts = await allocation(analysis, ...linear);
    expect(experts.budget.total).toBe(10);
    const names = { bits: 'alphaq', sparsity: 'alphapruning', 'learning-rate': 'tempbalance' };
    for (const [unit, name] of Object.entries(names)) {
      const made = await allocation(analysis, '--unit', unit);
      expect([made.policy.name, made.budget.unit]).toEqual([name, unit]);
    }
  });

  it('names blocks that are pruned as a whole, in the document and on stderr', async () => {
    // At 0.9, ratios of 0.7 and 1.3 would be 0.63 and 1.17.
    const pruning = [
      analysis,
      '--unit',
      'sparsity',
      '--policy',
      'alphapruning',
      '--average',
      '0.9',
    ];
    const made = await allocation(...pruning);
    const note =
      '1 of 2 blocks is at the max of 1, which prunes all weights (a max of 0.95 keeps some of each): block 1';
    expect(made.notes).toEqual([note]);
    expect((await alphalora('allocate', ...pruning)).stderr).toBe(`note: ${note}\n`);
    expect(await allocation(...pruning, '--average', '0.5')).not.toHaveProperty('notes');
  });

  it('takes the resource that the policy is for, and of a selection projections', async () => {
    expect((await allocation(analysis, '--policy', 'alphaq')).budget.unit).toBe('bits');
    const snr = file(
      'snr.json',
      formatDocument(
        analysisOf(
          matrices.map((row, i) => ({ ...row, metrics: { snr: 4 - i } })),
          [{ alpha: 1 }, { alpha: 3 }],
        ),
      ),
    );
    const made = await allocation(snr, '--policy', 'spectrum', '--share', '0.5');
    expect(made.budget).toMatchObject({
      ...{ unit: 'selection', per: 'projection', measure: 'average', total: 0.5 },
    });
    // 4 and 2 of q_proj, 3 and 1 of up_proj.
    expect(made.projections!.map(({ value }) => value)).toEqual([1, 1, 0, 0]);
    const { stdout, stderr } = await alphalora('allocate', snr, '--policy', 'spectrum');
    expect(stderr).toBe('note: nothing is selected: give a larger share\n');
    expect(stdout).toMatch(/^block +snr +q_proj +up_proj +sum\n +0 +3\.500 +· +· +0\n/);
    expect(stdout).toMatch(
      /\n0 of 4 projections of 2 blocks selected, at a share of 0\.25: 0 of 512 /,
    );
    const all = await alphalora(
      ...['allocate', snr, '--policy', 'spectrum', '--set', 'over=all', '--share', '0.5'],
    );
    expect(all.stdout).toMatch(/\n +0 +3\.500 +train +train +2 /);
    expect(all.stdout).toMatch(
      /2 of 4 projections .*: 256 of 512 parameters \(spectrum, over=all\)/,
    );
    const compared = await alphalora('compare', snr, '--policies', 'spectrum,alphalora');
    expect(compared.stdout, compared.stderr).toMatch(
      /\nprojection +([\w-]+) +snr +spectrum@snr +alphalora@\1\n/,
    );
  });

  it('tells what nothing is selected of, and what was decided by order alone', async () => {
    const equal = file(
      'equal.json',
      formatDocument(
        analysisOf(
          [1, 2, 3, 4]
            .map((alpha, block) =>
              measuredRow(`h.${block}.q_proj.weight`, alpha, { metrics: { snr: 1 } }),
            )
            .concat(measuredRow('h.0.up_proj.weight', 1, { metrics: { snr: 9 } })),
          [1, 2, 3, 4].map((alpha) => ({ alpha })),
        ),
      ),
    );
    const { stderr } = await alphalora('allocate', equal, '--policy', 'spectrum');
    expect(stderr).toBe(
      'note: nothing is selected of up_proj (1)\n' +
        'note: 3 of 5 projections are frozen although one of equal score is selected: ' +
        'h.1.q_proj.weight, h.2.q_proj.weight, h.3.q_proj.weight\n',
    );
  });

  it('judges by a file of scores, with or without an analysis', async () => {
    const scores = file('scores.csv', 'layer,score\n1,1\n0,2\n');
    const layerif = ['--scores', scores, '--policy', 'layerif', '--total', '9'];
    const alone = await allocation(...layerif);
    expect(alone.blocks.map(({ index, experts }) => [index, experts])).toEqual([
      [1, 3],
      [0, 6],
    ]);
    expect(alone).not.toHaveProperty('parameters');
    const shaped = await allocation(analysis, ...layerif);
    expect(shaped.experts).toEqual([6, 3]);
    // 8 (8 + 8) + 8 and 8 (8 + 24) + 8 for each of the 9 experts.
    expect(shaped.parameters!.trainable).toBe(9 * (136 + 264));
    expect(shaped).not.toHaveProperty('robustness');
  });

  it('takes one option after each --set, before the source or behind it', async () => {
    const made = await allocation('--set', 'beta=1', analysis, '--total', '8');
    expect(made.experts).toEqual([2, 6]);
    const quoted = ['--policy', 'mola', '--set', 'shape="a,b=c"'];
    const { stderr } = await alphalora('allocate', analysis, ...quoted);
    expect(stderr).toMatch(/option shape: .*"a,b=c"/);
  });

  it('tells what was left out of the measurements when it has measured', async () => {
    const rows = [...matrices, skippedRow('h.0.norm'), failedRow('h.0.odd')];
    const text = formatDocument(analysisOf(rows, [{ alpha: 1 }, { alpha: 3 }]));
    const { code, stderr } = await alphalora('allocate', file('partly.json', text));
    // Failures are behind the exit code.
    expect([code, stderr]).toEqual([3, 'failed: h.0.odd: contains NaN\n']);
  });

  it('keeps the rule from projections to blocks that the analysis was made with', async () => {
    const rows = [1, 1, 4].map((alpha, i) => measuredRow(`h.0.w${i}.weight`, alpha));
    rows.push(measuredRow('h.1.w0.weight', 2));
    const blocks = [{ alpha: 1 }, { alpha: 2 }];
    const document = analysisOf(rows, blocks, { aggregate: 'median' });
    const median = file('median.json', formatDocument(document));
    expect((await allocation(median, ...linear, '--total', '6')).experts).toEqual([2, 4]);
    const mean = await allocation(median, ...linear, '--total', '6', '--aggregate', 'mean');
    expect(mean.experts).toEqual([3, 3]);
  });

  it.each([
    ['nothing to go by', [], 2, /name an analysis.json or a model, or give a file of scores/],
    ['two totals', [analysis, '--total', '9', '--average', '3'], 2, /--total and --average both/],
    ['an unknown unit', [analysis, '--unit', 'heads'], 2, /Allowed choices are experts, rank/],
    ['a strange number', [analysis, '--parameters', '10 percent'], 2, /like 160000, 100M or 1e9/],
    ['a negative total', [analysis, '--total', '-3'], 2, /must be a number from 0 on/],
    ['half an expert', [analysis, '--total', '9.5'], 2, /total must be an integer/],
    [
      'another resource',
      [analysis, '--policy', 'alphaq', '--unit', 'experts'],
      ...([2, /alphaq is for bits, not for exp/] as const),
    ],
    [
      'a share of experts',
      [analysis, '--share', '0.5'],
      2,
      /--share is for a selection, not for exp/,
    ],
    [
      'an average of a selection',
      [analysis, '--policy', 'alphalora', '--unit', 'selection', '--average', '0.5'],
      ...([2, /--average is not for a selection: --share/] as const),
    ],
    [
      'a metric that was not measured',
      [analysis, '--policy', 'spectrum'],
      ...([2, /does not have the metric snr: alphalora analyze .* --metrics snr -o/] as const),
    ],
    [
      'scores of projections alone',
      ['--scores', file('p.csv', 'name,score\nw,1\n')],
      2,
      /scores of projections need an analysis/,
    ],
    [
      'scores of the modules of an analysis under another name',
      [analysis, '--scores', file('m.csv', 'module,score\nh.1.q,30\nh.0.q,10\n')],
      ...([1, /m\.csv, line 1: unknown column "module"/] as const),
    ],
    [
      'two scores of a block',
      ['--scores', file('twice.csv', 'block,score\n0,1\n0,2\n')],
      ...([2, /block 0 is there twice: .*--per projection/] as const),
    ],
    [
      'scores of a third block',
      [analysis, '--scores', file('t.csv', 'block,score\n0,1\n1,1\n2,1\n')],
      1,
      /has a score of block 2, which is no layer/,
    ],
    [
      'two options in one',
      [analysis, '--set', 'beta=2,gamma=1'],
      2,
      /'beta=2,gamma=1' is invalid. It sets one option: repeat --set/,
    ],
  ])('refuses %s', async (_, argv, code, message) => {
    const output = join(folder, 'never.json');
    const outcome = await alphalora('allocate', ...argv, '-o', output);
    expect(outcome).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect(() => readFileSync(output)).toThrow(/ENOENT/);
  });
});

describe('compare --policies', () => {
  it('shows allocations side by side, and as JSON', async () => {
    const argv = ['compare', analysis, '--policies', 'alphalora:beta=1,uniform', '--total', '12'];
    const { code, stdout, stderr } = await alphalora(...argv);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ +0 +1\.000 +3 +6$/m);
    const { policies, distances } = JSON.parse((await alphalora(...argv, '--json')).stdout);
    expect(policies.map(({ amounts }: { amounts: number[] }) => amounts)).toEqual([
      [3, 9],
      [6, 6],
    ]);
    expect(distances[0]).toEqual([0, 6]);
  });

  it('shows how far apart estimators are, and each moves with the aggregate and the exponent', async () => {
    const model = (name: string, alphas: number[][], estimator: string) => {
      const rows = alphas.flatMap((block, index) =>
        block.map((alpha, i) => measuredRow(`h.${index}.w${i}.weight`, alpha)),
      );
      const means = alphas.map((block) => ({
        alpha: block.reduce((a, b) => a + b) / block.length,
      }));
      return file(name, formatDocument(analysisOf(rows, means, { estimator })));
    };
    const { stdout, stderr } = await alphalora(
      'compare',
      // Means 2 and 2; medians, and means without the extremes, 1 and 2.
      model(
        'a.json',
        [
          [1, 1, 4],
          [2, 2, 2],
        ],
        'fix-finger',
      ),
      model('hill.json', [[1], [3]], 'hill'),
      ...['--policies', 'alphalora:beta=1,uniform', '--total', '12'],
    );
    // 6 and 6 against 3 and 9.
    expect(stdout, stderr).toMatch(/\nalphalora:beta=1@fix-finger +0 +6 +0\n/);
    expect(stdout).toMatch(
      / {2}aggregate median {2}aggregate trimmed {2}aggregate geometric {2}beta 2.5 /,
    );
    // 6 and 6 become 4 and 8, and with the cube root of 4 beside 2 they are 5 and 7.
    expect(stdout).toMatch(/\nalphalora:beta=1@fix-finger +4 +4 +2 +0 +0\n/);
    expect(stdout).toMatch(/\nuniform +0 +0 +0 +- +-\n/);
    expect(stdout).toMatch(/\n +total +12 +12 +12\n/);
  });

  it('counts in the resource, projection by projection', async () => {
    const argv = [analysis, '--policies', 'uniform,mola', '--unit', 'rank', '--per', 'projection'];
    const { stdout, stderr } = await alphalora('compare', ...argv);
    expect(stdout, stderr).toMatch(/^rank by projection/);
  });

  it.each([
    ['options of no policy', [analysis, '--policies', 'uniform:beta=1'], /no option "beta"/],
    ['one document without policies', [analysis], /compare takes two documents/],
    [
      'options for all',
      [analysis, '--policies', 'alphalora', '--set', 'beta=1'],
      /Options go behind the name of their policy: --policies name:beta=1/,
    ],
  ])('refuses %s', async (_, argv, message) => {
    const outcome = await alphalora('compare', ...argv);
    expect(outcome).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
  });
});

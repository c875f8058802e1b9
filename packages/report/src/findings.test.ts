/** The sentences of hand-made documents, word for word. */
import type { Allocation, AnalysedRow, Analysis } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { factsOf } from './facts.js';
import { findings } from './findings.js';
import { renderReport } from './render.js';

const row = (block: number, alpha: number): AnalysedRow => ({
  name: `blocks.${block}.w`,
  shape: [64, 64],
  dtype: 'F32',
  status: 'ok',
  block,
  role: 'w',
  alpha,
  xmin: 1,
  ks: 0.1,
  tail: 25,
  stderr: 0.2,
  draws: [alpha, alpha],
  metrics: {},
});

function analysis(
  alphas: readonly number[],
  intervals: readonly [number, number][] = [],
): Analysis {
  return {
    schemaVersion: 1,
    kind: 'analysis',
    tool: { name: 'alphalora', version: '1.0.0' },
    model: { source: 'model', blocks: alphas.length },
    options: { estimator: 'ks', aggregate: 'mean', engine: 'wasm' },
    matrices: [
      ...alphas.map((alpha, block) => row(block, alpha)),
      { name: 'norm', shape: [64], dtype: 'F32', status: 'skipped', reason: 'not a matrix' },
    ],
    blocks: alphas.map((alpha, index) => {
      const interval = intervals[index];
      return { index, alpha, matrices: 1, ...(interval && { interval }) };
    }),
    timings: { seconds: 1 },
  };
}

const allocation: Allocation = {
  schemaVersion: 1,
  kind: 'allocation',
  rounding: 'largest-remainder',
  policy: {
    name: 'alphalora',
    version: '1.0.0',
    options: { beta: 2.5 },
    rule: 'in proportion to alpha to the power of 2.5: the less trained a block is, the more it gets',
  },
  budget: { unit: 'experts', total: 16, min: 1 },
  blocks: [1, 3, 4, 8].map((experts, index) => ({
    index,
    score: 3,
    share: experts / 16,
    experts,
    topK: experts > 1 ? 2 : 1,
    robustness: {
      changed: [0, 0.2, 0.75, 0.6][index]!,
      experts: [experts, experts] as [number, number],
      driver: { name: 'w', role: 'w', alpha: 9.5, experts: experts === 8 ? 5 : experts },
    },
  })),
  experts: [1, 3, 4, 8],
  topK: [1, 2, 2, 2],
  parameters: { rank: 8, trainable: 1_234_567 },
  robustness: { draws: 200, distance: 3 },
};

describe('quantized matrices', () => {
  const sound = analysis([2, 3, 4, 5]);
  const matrices = sound.matrices.map((one, i) =>
    i < 2 ? { ...one, quantization: 'FP8, one scale' } : one,
  );
  const said = (documents: Parameters<typeof factsOf>[0]): string =>
    findings(factsOf(documents))
      .flatMap(({ sentences }) => sentences)
      .join(' ');

  it('are told with their scheme, in the findings and beside each', () => {
    const documents = { analysis: { ...sound, matrices } };
    expect(said(documents)).toContain(
      '2 of 4 matrices are quantized (FP8, one scale): what rounding takes away adds a bulk to a spectrum',
    );
    expect(renderReport(documents)).toContain('Its weights are quantized (FP8, one scale).');
    expect(said({ analysis: sound })).not.toContain('quantized');
  });

  it('leave an allocation with a share of the parameters', () => {
    const documents = { analysis: sound, allocation: { ...allocation, covers: 0.625 } };
    expect(said(documents)).toMatch(
      /The scores rest on 6[23] % of the parameters of the projections/,
    );
  });
});

describe('fits that say nothing', () => {
  const wild: AnalysedRow = { ...row(1, 1e6), weak: 'only 2 eigenvalues in all' };
  const sound = analysis([2, 3, 4, 5]);
  const documents = {
    analysis: {
      ...sound,
      matrices: sound.matrices.map((one) => (one.name === wild.name ? wild : one)),
      blocks: sound.blocks.map((block) => (block.index === 1 ? { index: 1, matrices: 0 } : block)),
    },
    allocation: {
      ...allocation,
      blocks: allocation.blocks.map(({ robustness, ...block }) =>
        block.index === 1 ? { ...block, weak: wild.weak! } : { ...block, robustness: robustness! },
      ),
    },
  };

  it('are told, and count neither as untrained nor as stable', () => {
    const found = sentences(documents);
    expect(found['Measured']).toContain('1 fit says nothing and counts in no average');
    expect(found['Least trained']).not.toContain('1e');
    expect(found['Least trained']).not.toContain('Of the single matrices');
    expect(found['Experts']).toContain(
      'No fit of block 1 says anything, so it is scored with the mean of the other blocks. ' +
        'Block 1: only 2 eigenvalues in all.',
    );
    expect(found['How stable']).toContain('1 of 3 blocks keeps its number');
    expect(found['How stable']).toContain(
      'Of 1 block without a fit that says anything it cannot be told how stable it is.',
    );
  });

  it('show no alpha on the page, but the reason', () => {
    const page = renderReport(documents);
    expect(page).not.toContain('1,000,000');
    expect(page).toContain('<span class="tag weak">weak</span>');
    expect(page).toContain('It says nothing: only 2 eigenvalues in all.');
    expect(page).toContain('no fit says anything');
  });
});

function sentences(documents: Parameters<typeof factsOf>[0]): Record<string, string> {
  const all = findings(factsOf(documents));
  return Object.fromEntries(all.map(({ topic, sentences: text }) => [topic, text.join(' ')]));
}

describe('of an analysis and its allocation', () => {
  const intervals: [number, number][] = [
    [1.4, 1.6],
    [2.8, 3.2],
    [5.5, 6.6],
    [6.5, 9.5],
  ];
  const found = sentences({ analysis: analysis([1.5, 3, 6, 8.5], intervals), allocation });

  it('tells what was measured', () => {
    expect(found['Measured']).toBe(
      '4 weight matrices were measured in a model of 4 blocks; each got a number called alpha. ' +
        'A small alpha (2 to 3) means that a matrix has learned much, a large one that it has ' +
        'learned little. Alpha of the blocks goes from 1.50 (block 0) to 8.50 (block 3) and is ' +
        '4.75 on average. 1 tensor was skipped: see Left out.',
    );
  });

  it('says of what training changed that it is no weights', () => {
    const given = analysis([1.5, 3, 6, 8.5], intervals);
    const less = sentences({ analysis: { ...given, model: { ...given.model, base: 'org/base' } } });
    expect(less['Measured']).toContain(
      'The matrices are differences to those of org/base: what training changed, not the weights of the model.',
    );
    expect(found['Measured']).not.toContain('differences');
  });

  it('names the least and the best trained', () => {
    expect(found['Least trained']).toBe(
      'Least trained are blocks 3 (alpha 8.50) and 2 (6.00). Block 3 is above 6, the usual mark of ' +
        'an under-trained block. Of the single matrices, 1 of 4 is above 6, 1 of them above 8, ' +
        'where alpha means little.',
    );
    expect(found['Best trained']).toBe(
      'Best trained are blocks 0 (alpha 1.50) and 1 (3.00). 1 of 4 matrices is below 2, where ' +
        'weights may have been fitted to their data too closely (over-trained).',
    );
  });

  it('tells how sure that is', () => {
    // Half widths 0.1, 0.2, 0.55, 1.5.
    expect(found['How sure']).toBe(
      'Every spectrum was drawn anew 2 times, each eigenvalue by up to a rank from its place, as they ' +
        "repel one another: the 95 % interval of a block's alpha is typically ±0.38. " +
        'The interval of block 3 overlaps that of block 2, so which of them is ' +
        'least trained is not settled.',
    );
  });

  it('gives the reading of independent eigenvalues where that is much wider', () => {
    const narrow = analysis(
      [2, 3],
      [
        [1.95, 2.05],
        [2.95, 3.05],
      ],
    );
    const independent =
      /If the eigenvalues of a tail were independent of one another, it would be ±0\.39/;
    expect(sentences({ analysis: narrow })['How sure']).toMatch(independent);
    const options = { ...narrow.options, bootstrap: 200 };
    const how = sentences({ analysis: { ...narrow, options } })['How sure'];
    expect(how).toMatch(
      /^Every spectrum was drawn anew 2 times as if .* independent \(a bootstrap\)/,
    );
    expect(how).not.toMatch(independent);
  });

  it('names thin tails and capped alphas', () => {
    const plain = analysis(
      [2, 9],
      [
        [1.5, 2.5],
        [8, 10],
      ],
    );
    const [first, ...rest] = plain.matrices;
    const found = sentences({
      analysis: {
        ...plain,
        options: { ...plain.options, cap: 8 },
        matrices: [
          { ...first!, thin: '25 eigenvalues in the tail, fewer than 30' } as never,
          ...rest,
        ],
        blocks: plain.blocks.map((block, i) =>
          i === 1 ? { ...block, alpha: 8, capped: 1 } : block,
        ),
      },
    });
    expect(found['Measured']).toMatch(/In these, 1 alpha above the cap of 8 counts as 8\./);
    expect(found['How sure']).toMatch(
      /1 of 2 tails is thin, .* blocks\.0\.w has 25 eigenvalues in the tail, fewer than 30\.$/,
    );
  });

  it('tells what the allocation does and how stable it is', () => {
    expect(found['Experts']).toBe(
      '16 LoRA experts are shared out among 4 blocks in proportion to alpha to the power of 2.5: ' +
        'the less trained a block is, the more it gets. Block 0 gets the fewest, 1; block 3 the ' +
        'most, 8. An even share would be 4. For each token the router selects 1 to 2 of a ' +
        "block's experts. With rank 8 that makes 1,234,567 trainable parameters.",
    );
    expect(found['How stable']).toBe(
      'Over 200 allocations, each from alphas drawn anew, 1.5 of the 16 experts land in another ' +
        'block on average. 2 of 4 blocks keep their number in at least half of the draws; the least ' +
        'certain is block 2, which changes in 75 %. These draws are rigid: eigenvalues of one matrix ' +
        'repel one another, so each moves by up to a rank. Where a tail is an independent sample ' +
        'after all, more changes than they say: an analysis with --bootstrap 200 tells how much. ' +
        'One block hangs on a single matrix: block 3 would have 5 experts, not 8, without its w (alpha 9.50).',
    );
  });
});

describe('at a fixed cut', () => {
  const given = analysis(
    [1.5, 6.5],
    [
      [1.4, 1.6],
      [6, 7],
    ],
  );
  const [first, ...rest] = given.matrices;
  const fixed = {
    ...given,
    options: { ...given.options, estimator: 'hill', tailShare: 0.25 },
    matrices: [
      { ...first!, misfit: 'the 16 largest eigenvalues are no power law' } as never,
      ...rest,
    ],
  };
  const found = sentences({ analysis: fixed });

  it('applies no limits that are for other fits, and says so', () => {
    expect(found['Least trained']).toBe(
      'Least trained is block 1 (alpha 6.50). The usual limits of alpha, 2 (over-trained below) and 6 ' +
        '(under-trained above), are for fits that look for their cut and do not apply to this fixed ' +
        'cut: compare alphas of this page with one another.',
    );
    expect(found['Best trained']).toBe('Best trained is block 0 (alpha 1.50).');
    expect(found['Measured']).toContain('A small alpha means that a matrix has learned much');
  });

  it('tells how many tails are no power law above it', () => {
    expect(found['How sure']).toMatch(
      / 1 of 2 tails is not an exact power law above the fixed cut: its alpha compares matrices at this cut and would be different at another, which the intervals do not include\.$/,
    );
  });

  it('is that of any estimator whose rows are marked', () => {
    const { options } = given;
    const own = sentences({ analysis: { ...fixed, options: { ...options, estimator: 'own' } } });
    expect(own['Least trained']).toContain('do not apply to this fixed cut');
    expect(sentences({ analysis: given })['Least trained']).not.toContain('do not apply');
  });
});

describe('of less', () => {
  it('says that intervals and an allocation are missing', () => {
    const found = sentences({ analysis: analysis([2, 3]) });
    expect(found['How sure']).toMatch(/^The analysis holds no intervals.* 0\.20 if/);
    expect(found['Experts']).toMatch(/^There is no allocation here/);
    expect(found['Least trained']).toBe(
      'Least trained is block 1 (alpha 3.00). No block is above 6, the usual mark of an ' +
        'under-trained one.',
    );
    expect(found['How stable']).toBeUndefined();
  });

  it('speaks of a single block in the singular', () => {
    const single: Allocation = {
      ...allocation,
      blocks: allocation.blocks.slice(3),
      experts: [8],
      topK: [2],
    };
    const found = sentences({
      analysis: analysis([1, 1, 1, 3]),
      allocation: { ...single, budget: { unit: 'experts', total: 8 } },
    });
    expect(found['Experts']).toMatch(/^The only block gets all 8 LoRA experts\./);
    const one = sentences({ analysis: analysis([3], [[2.5, 3.5]]) });
    expect(one['How trained']).toMatch(/^Its only measured block has alpha 3\.00, below 6/);
    expect(one['How sure']).toMatch(/its alpha is 2\.50 to 3\.50\.$/);
  });

  it('does not call a clear order unsettled', () => {
    const apart: [number, number][] = [
      [1.9, 2.1],
      [2.9, 3.1],
    ];
    expect(sentences({ analysis: analysis([2, 3], apart) })['How sure']).toMatch(
      /block 1 lies above all others: it is clearly the least trained\.$/,
    );
  });

  it('says so where nothing was measured', () => {
    const none = analysis([]);
    const model = { ...none.model, blocks: 1 };
    const empty = { ...none, model, blocks: [{ index: 0, matrices: 0 }] };
    expect(sentences({ analysis: empty })['How trained']).toMatch(
      /^No block has a measured matrix/,
    );
  });
});

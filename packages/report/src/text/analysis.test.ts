import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { analysisText } from './analysis.js';

const plain = {};
const linesOf = (text: string, from: RegExp): string[] => {
  const lines = text.split('\n');
  return lines.slice(lines.findIndex((line) => from.test(line)));
};

it('says what was measured with, and that weights were cast', () => {
  const analysis = analysisOf([measuredRow('h.0.q_proj.weight', 2)]);
  const { options } = analysis;
  expect(analysisText(analysis)).toContain(` measured with ${options.estimator}\n`);
  const cast = { ...analysis, options: { ...options, cast: 'float16' } };
  expect(analysisText(cast)).toContain(
    ` measured with ${options.estimator}, weights cast to float16\n`,
  );
});

describe('alpha over the blocks', () => {
  const alphas = [1, 2, 3, 4, 5, 6, 7, 8];
  const rows = alphas.map((alpha, block) => measuredRow(`h.${block}.q_proj.weight`, alpha));
  const upRows = alphas.slice(1).map((_, i) => measuredRow(`h.${i + 1}.up_proj.weight`, 8));
  const analysis = analysisOf(
    [...rows, ...upRows],
    alphas.map((alpha) => ({ alpha })),
  );

  it('draws a line per role and one for the blocks on one scale', () => {
    const lines = linesOf(analysisText(analysis, plain), /alpha over the blocks/);
    expect(lines.slice(0, 4)).toEqual([
      'alpha over the blocks, first to last (1.00 to 8.00)',
      'q_proj   ▁▂▃▄▅▆▇█  1.00 … 8.00',
      'up_proj  ·███████  8.00 … 8.00',
      'block    ▁▂▃▄▅▆▇█  1.00 … 8.00',
    ]);
  });

  it('keeps its shape beside an outlier, and says that there is one', () => {
    const wild = analysisOf(
      rows,
      alphas.map((alpha, i) => ({ alpha: i === 3 ? 40 : alpha })),
    );
    const lines = linesOf(analysisText(wild, plain), /alpha over the blocks/);
    expect(lines[0]).toContain('(1.00 to 8.00; an arrow is an outlier)');
    expect(lines[2]).toBe('block   ▁▂▃↑▅▆▇█  1.00 … 40.00');
  });

  it('fits the terminal however many blocks there are', () => {
    const many = Array.from({ length: 200 }, (_, block) => ({ alpha: 2 + (block % 7) }));
    const text = analysisText(analysisOf([], many), { ...plain, columns: 60 });
    const lines = linesOf(text, /alpha over the blocks/);
    expect(lines[0]).toContain('runs of neighbours');
    for (const line of lines.slice(1)) expect(line.length).toBeLessThanOrEqual(60);
    expect(lines[1]).toMatch(/^block {2}[▁-█]{38} {2}/);
  });

  it('says nothing about a single block', () => {
    const single = analysisOf([measuredRow('h.0.q_proj.weight', 2)], [{ alpha: 2 }]);
    expect(analysisText(single, plain)).not.toContain('over the blocks');
  });
});

describe('uncertainty', () => {
  it('is half of the interval where there is one', () => {
    const text = analysisText(
      analysisOf([], [{ alpha: 2.31, interval: [2.2, 2.6], spread: 0.5 }]),
      plain,
    );
    expect(text).toContain('2.310 ± 0.200\n');
    expect(text).toContain('± half of the 95 % interval');
  });

  it('is the spread of the projections where there is none', () => {
    const text = analysisText(analysisOf([], [{ alpha: 2.31, spread: 0.5 }]), plain);
    expect(text).toContain('2.310 ± 0.500\n');
    expect(text).toContain('± standard deviation');
  });
});

describe('warnings', () => {
  it('are none at a fixed cut, whatever the document says', () => {
    const rows = [measuredRow('h.0.up_proj.weight', 1.9, { warning: 'over-trained' })];
    const looked = analysisOf(rows);
    expect(analysisText(looked)).toContain('1 over-trained');
    const { options } = looked;
    const fixed = { ...looked, options: { ...options, estimator: 'hill' } };
    expect(analysisText(fixed)).not.toContain('trained');
  });

  it('count each kind and name the worst', () => {
    const rows = [8.5, 12, 9, 8.1].map((alpha, i) =>
      measuredRow(`h.${i}.q_proj.weight`, alpha, { warning: 'spurious' }),
    );
    const over = [1.9, 1.2].map((alpha, i) =>
      measuredRow(`h.${i}.up_proj.weight`, alpha, { warning: 'over-trained' }),
    );
    expect(linesOf(analysisText(analysisOf([...rows, ...over]), plain), /spurious/)).toEqual([
      '4 spurious (alpha > 8): h.1.q_proj.weight 12.000, h.2.q_proj.weight 9.000, ' +
        'h.0.q_proj.weight 8.500, ...',
      '2 over-trained (alpha < 2): h.1.up_proj.weight 1.200, h.0.up_proj.weight 1.900',
      '',
    ]);
  });
});

describe('matrices outside of blocks', () => {
  it('show their interval and their spectrum', () => {
    const spectrum = {
      range: [1, 10] as [number, number],
      counts: [1, 0, 8],
      cuts: { tail: [], alpha: [] },
    };
    const rows = [
      measuredRow('lm_head.weight', 2, { spectrum, interval: [1.9, 5] }),
      measuredRow('wte.weight', 3),
    ];
    expect(linesOf(analysisText(analysisOf(rows), plain), /^matrix/).slice(0, 3)).toEqual([
      'matrix          alpha  tail  95 % interval  density over log lambda',
      'lm_head.weight  2.000     3  1.900 … 5.000  ▂ █',
      'wte.weight      3.000     3',
    ]);
    const plainRows = analysisText(analysisOf([measuredRow('wte.weight', 3)]), plain);
    expect(plainRows).toMatch(/^matrix +alpha +tail$/m);
  });
});

describe('colours', () => {
  it('are for terminals that have them', () => {
    const blocks = [{ alpha: 1 }, { alpha: 2 }];
    const start = '\x1b[';
    expect(analysisText(analysisOf([], blocks), plain)).not.toContain(start);
    const painted = analysisText(analysisOf([], blocks), { ...plain, hasColors: () => true });
    expect(painted).toContain(`block  ${start}36m▁█`);
  });
});

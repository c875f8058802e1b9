import { analysisOf, failedRow, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { parseScores } from './parse-scores.js';
import { layersScoredBy, namedScore, scoreSources } from './score-sources.js';

const rows = ['h.0.q_proj.weight', 'h.0.k_proj.weight', 'h.1.q_proj.weight', 'h.1.k_proj.weight'];

function analysis(estimator: string, metrics: Array<Record<string, number>> = []) {
  const matrices = rows.map((name, i) => measuredRow(name, 2 + i, { metrics: metrics[i] ?? {} }));
  return analysisOf(matrices, [{ alpha: 2.5 }, { alpha: 4.5 }], { estimator });
}

const measures = (factor: number) =>
  parseScores(
    rows.map((name, i) => ({
      ...{ name, block: Math.floor(i / 2), score: factor * i },
      measures: { gradient: { mean: factor * i }, fisher: { mean: -i } },
    })),
  );

describe('names of scores', () => {
  const hill = { file: 'out/hill.json', analysis: analysis('hill') };
  const namesOf = (sources: ReturnType<typeof scoreSources>) => sources.map(({ name }) => name);

  it('are estimators, metrics, measures, and files of plain lists', () => {
    const measured = analysis('ks', [{ snr: 1, norm: 2 }]);
    const sources = scoreSources({
      analyses: [hill, { file: 'ks.json', analysis: measured }],
      metrics: ['norm', 'snr', 'stable_rank'],
      scores: [
        { file: 'math.json', scores: measures(1) },
        { file: 'own/mine.csv', scores: parseScores([1, 2]) },
      ],
    });
    expect(namesOf(sources)).toEqual(['hill', 'ks', 'snr', 'norm', 'gradient', 'fisher', 'mine']);
    expect(sources[2]).toMatchObject({ metric: 'snr', file: 'ks.json' });
  });

  it('tell the files where the rest is the same', () => {
    const scores = [1, 2].map((i) => ({ file: `task${i}.json`, scores: measures(i) }));
    const sources = scoreSources({
      analyses: [hill, { file: 'quarter.json', analysis: analysis('hill') }],
      scores: [scores[0]!, { file: 'other/task1.json', scores: measures(3) }, scores[1]!],
    });
    expect(namesOf(sources)).toEqual([
      ...['hill', 'quarter', 'task1.json.gradient', 'task1.json.fisher'],
      ...['other/task1.json.gradient', 'other/task1.json.fisher'],
      ...['task2.gradient', 'task2.fisher'],
    ]);
    expect(() => scoreSources({ analyses: [hill, hill] })).toThrow('out/hill.json is given twice');
  });
});

describe('layers', () => {
  it('are scored by a measure, blocks by the mean of their projections', () => {
    const sources = scoreSources({
      analyses: [{ file: 'a.json', analysis: analysis('hill') }],
      scores: [{ file: 's.json', scores: measures(10) }],
    });
    const gradient = sources.find(({ name }) => name === 'gradient')!;
    expect(layersScoredBy(gradient).map(({ score }) => score)).toEqual([5, 25]);
    expect(namedScore(gradient)).toMatchObject({
      ...{ name: 'gradient', source: 's.json' },
      blocks: [
        { block: 0, score: 5 },
        { block: 1, score: 25 },
      ],
      projections: rows.map((name, i) => ({
        name,
        role: i % 2 ? 'k_proj' : 'q_proj',
        score: 10 * i,
      })),
    });
  });

  it('are scored by a metric, those without it by the mean of the others', () => {
    const measured = analysis('hill', [{ snr: 1 }, {}, { snr: 4 }, { snr: 6 }]);
    const [, snr] = scoreSources({ analyses: [{ file: 'a.json', analysis: measured }] });
    expect(layersScoredBy(snr!).map(({ score }) => score)).toEqual([1, 5]);
    expect(namedScore(snr!).projections.map(({ name, score }) => [name, score])).toEqual([
      [rows[0], 1],
      [rows[2], 4],
      [rows[3], 6],
    ]);
    expect(() => layersScoredBy({ analysis: measured, metric: 'norm', file: 'a.json' })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/norm/) }),
    );
  });

  it('say nothing of a fit that says nothing, nor of projections by a score of blocks', () => {
    const [q, ...rest] = rows;
    const weak = analysisOf(
      [
        measuredRow(q!, 99, { weak: 'flat' }),
        { ...failedRow(rest[0]!), block: 0, role: 'k_proj', kind: 'projection' },
        measuredRow(rest[1]!, 3),
      ],
      [{}, { alpha: 3 }],
      { estimator: 'hill' },
    );
    const [alpha, mine] = scoreSources({
      analyses: [{ file: 'a.json', analysis: weak }],
      scores: [{ file: 'mine.json', scores: parseScores([7, 8]) }],
    }).map(namedScore);
    expect(alpha!.blocks).toEqual([{ block: 1, score: 3 }]);
    expect(alpha!.projections.map(({ name }) => name)).toEqual([rest[1]]);
    expect(mine).toMatchObject({ blocks: [{ score: 7 }, { score: 8 }], projections: [] });
  });
});

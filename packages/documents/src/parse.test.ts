import type { Allocation, Analysis } from '@alphalora/contracts';
import { describe, expect, it } from 'vitest';
import { parseAllocation, parseAnalysis, parseDocument, parseTrainingStep } from './index.js';

const analysis: Analysis = {
  schemaVersion: 1,
  kind: 'analysis',
  tool: { name: 'alphalora', version: '1' },
  model: { source: 'model', blocks: 2 },
  options: { estimator: 'ks', aggregate: 'mean', engine: 'wasm' },
  matrices: [
    {
      name: 'h.0.q.weight',
      block: 0,
      role: 'q_proj',
      shape: [4, 4],
      dtype: 'F32',
      status: 'ok',
      alpha: 2,
      xmin: 0.5,
      ks: 0.1,
      tail: 3,
      stderr: 0.2,
      interval: [1.9, 2.2],
      spectrum: { range: [0.1, 9], counts: [3, 1], cuts: { tail: [2, 4], alpha: [3, 2.5] } },
      metrics: { norm: 3, log_norm: -0.5 },
    },
    { name: 'h.1.q.weight', shape: [4, 4], dtype: 'F32', status: 'skipped', reason: 'integers' },
  ],
  blocks: [
    { index: 0, alpha: 2, matrices: 1, range: [2, 2], interval: [1.9, 2.2] },
    { index: 1, matrices: 0 },
  ],
  timings: { seconds: 1 },
};

const allocation: Allocation = {
  schemaVersion: 1,
  kind: 'allocation',
  policy: { name: 'own', version: '1', options: { beta: 2.5, list: [1, null, 'x'] } },
  budget: { unit: 'experts', total: 4, min: 1, max: 3 },
  blocks: [
    {
      index: 0,
      score: 2,
      share: 0.75,
      experts: 3,
      topK: 2,
      robustness: { changed: 0.5, experts: [2, 3] },
    },
    { index: 1, score: 3, share: 0.25, experts: 1, topK: 1 },
  ],
  projections: [
    { name: 'a', block: 0, inputs: 4, outputs: 2, experts: 3, topK: 2, rank: 8 },
    { name: 'b', block: 1, inputs: 4, outputs: 2, experts: 1, topK: 1, rank: 8 },
  ],
  experts: [3, 1],
  topK: [2, 1],
};

/** The document with one value replaced. */
function changed(document: object, path: string, value: unknown): unknown {
  const copy = structuredClone(document);
  const keys = path.split('/');
  const last = keys.pop()!;
  const owner = keys.reduce((node: object, key) => Reflect.get(node, key), copy);
  Object.defineProperty(owner, last, { value, enumerable: true, configurable: true });
  return copy;
}

/** What the error says after the name of the document. */
function refusal(parse: () => unknown): { field: unknown; message: string } {
  try {
    parse();
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: object };
    expect(code).toBe('INVALID_DOCUMENT');
    return { message, field: (details as { field: unknown }).field };
  }
  throw new Error('not refused');
}

describe('parseAnalysis', () => {
  it('gives back what follows the schema', () => {
    expect(parseAnalysis(analysis)).toBe(analysis);
  });

  it.each([
    ['blocks/1/index', 'blocks[1].index', 0, 'is 0 and must be 1'],
    ['model/blocks', 'blocks', 3, 'has 2 entries, and model.blocks is 3'],
    ['matrices/1/name', 'matrices[1].name', 'h.0.q.weight', 'is the name of an earlier'],
    ['matrices/0/interval', 'matrices[0].interval', [3, 2], 'is reversed'],
    ['matrices/0/spectrum/range', 'matrices[0].spectrum.range', [3, 2], 'is reversed'],
    ['matrices/0/spectrum/cuts/alpha', 'matrices[0].spectrum.cuts.alpha', [3], 'has 1 entries'],
    ['matrices/0/block', 'matrices[0].block', 2, 'is 2, and there are 2 blocks'],
    ['matrices/0/shape', 'matrices[0].shape', [2 ** 40, 2 ** 40], 'has more elements'],
    ['matrices/0/shape', 'matrices[0].shape[1]', [4, 1e300], 'must be <= 9007199254740991'],
    ['matrices/0/metrics', 'matrices[0].metrics.norm', { norm: -1 }, 'must be >= 0'],
    ['matrices/0/metrics', 'matrices[0].metrics["a b"]', { 'a b': Number.NaN }, 'is NaN'],
    ['matrices/1/shard', 'matrices[1].shard', 2, 'is not a part of this analysis'],
    ['shard', 'shard.index', { index: 3, count: 2 }, 'is above shard.count, which is 2'],
    ['shard', 'shard.count', { index: 3, count: 2 ** 32 }, 'must be <= 100000'],
    ['options/any', 'options.any', Number.POSITIVE_INFINITY, 'is Infinity'],
    ['options/__proto__', 'options', {}, 'has a field "__proto__"'],
    [
      'options/aggregate',
      'options.aggregate',
      'sum',
      'allowed values: mean, median, trimmed, geometric',
    ],
    ['model/source', 'model.source', { markup: '<b>' }, 'must be string'],
  ])('refuses %s, naming %s', (path, field, value, what) => {
    const found = refusal(() => parseAnalysis(changed(analysis, path, value), 'a.json'));
    expect(found.field).toBe(field);
    expect(found.message).toContain(`a.json is not a valid analysis: ${field} `);
    expect(found.message).toContain(what);
  });

  it.each([[null], [[]], ['text'], [undefined], [{ kind: 'allocation' }], [{ kind: 7 }]])(
    'refuses %j',
    (value) => {
      expect(refusal(() => parseAnalysis(value)).message).toContain('is not an analysis: its kind');
    },
  );
});

describe('parseDocument', () => {
  it('is either of the two', () => {
    expect(parseDocument(analysis)).toBe(analysis);
    expect(parseDocument(allocation)).toBe(allocation);
  });

  it.each([
    [{ kind: 'comparison' }, 'x.json is neither an analysis nor an allocation: its kind is "comp'],
    [null, 'x.json is neither an analysis nor an allocation: its kind is missing'],
    [{ kind: 'allocation' }, 'x.json is not a valid allocation: it must have'],
  ])('refuses %j', (value, message) => {
    expect(refusal(() => parseDocument(value, 'x.json')).message).toContain(message);
  });
});

describe('parseAllocation', () => {
  it('gives back what follows the schema', () => {
    expect(parseAllocation(allocation)).toBe(allocation);
  });

  it.each([
    ['experts', 'experts', [3], 'has 1 entries, and there are 2 blocks'],
    ['experts/1', 'experts[1]', 2, 'is 2, and blocks[1].experts is 1'],
    ['topK/0', 'topK[0]', 1, 'is 1, and blocks[0].topK is 2'],
    ['blocks/1/index', 'blocks[1].index', 0, 'is the index of an earlier block'],
    ['blocks/1/topK', 'blocks[1].topK', 2, 'is more than the experts'],
    ['blocks/0/robustness/experts', 'blocks[0].robustness.experts', [3, 2], 'is reversed'],
    ['budget/min', 'budget.min', 4, 'is above budget.max'],
    ['projections/1/block', 'projections[1].block', 7, 'there is no such block'],
    ['projections/1/name', 'projections[1].name', 'a', 'is the name of an earlier projection'],
    ['projections/1/topK', 'projections[1].topK', 2, 'is more than the experts'],
    ['projections/1/inputs', 'projections[1].inputs', 0, 'must be >= 1'],
    ['projections/1/experts', 'projections[1].experts', 2, 'is 2, and blocks[1].experts is 1'],
    ['projections/1/experts', 'projections[1].experts', 2 ** 32, 'must be <= 1000000'],
    ['projections/1/rank', 'projections[1]', undefined, "must have required property 'rank'"],
  ])('refuses %s, naming %s', (path, field, value, what) => {
    const found = refusal(() => parseAllocation(changed(allocation, path, value), 'b.json'));
    expect(found.field).toBe(field);
    expect(found.message).toContain(`b.json is not a valid allocation: ${field} `);
    expect(found.message).toContain(what);
  });

  it('refuses ranks of which blocks and projections say different ones', () => {
    const adapter = { experts: 1, topK: 1 };
    const ranks = (per: 'block' | 'projection', blocks: number[], projections: number[]) => ({
      ...allocation,
      budget: { unit: 'rank', per, total: 26 },
      blocks: blocks.map((rank, index) => ({ index, score: 2, share: 0.5, ...adapter, rank })),
      projections: projections.map((rank, i) => {
        const block = Math.floor(i / 2);
        return { name: `w${i}`, block, inputs: 64, outputs: 64, ...adapter, rank };
      }),
      experts: [1, 1],
      topK: [1, 1],
    });
    const message = (...given: Parameters<typeof ranks>) =>
      refusal(() => parseAllocation(ranks(...given), 'r.json')).message;
    expect(message('block', [3, 12], [3, 3, 10, 10])).toBe(
      'r.json is not a valid allocation: projections[2].rank is 10, and blocks[1].rank is 12',
    );
    expect(message('projection', [3, 12], [1, 2, 10, 3])).toBe(
      'r.json is not a valid allocation: blocks[1].rank is 12, and those of its projections add up to 13',
    );
    expect(parseAllocation(ranks('block', [3, 10], [3, 3, 10, 10]))).toBeDefined();
    expect(parseAllocation(ranks('projection', [3, 13], [1, 2, 10, 3]))).toBeDefined();
  });

  it('refuses experts of a resource that has none', () => {
    const bits = { ...allocation, budget: { unit: 'bits' }, projections: [], topK: [] };
    expect(refusal(() => parseAllocation(bits)).field).toBe('experts');
    expect(parseAllocation({ ...bits, experts: [] })).toBeDefined();
  });

  it('refuses a sparsity above 1', () => {
    const blocks = [{ index: 0, score: 2, value: 1.5 }];
    const document = { ...allocation, budget: { unit: 'sparsity' }, blocks, projections: [] };
    const fault = refusal(() => parseAllocation({ ...document, experts: [], topK: [] }));
    expect(fault.field).toBe('blocks[0].value');
  });
});

describe('parseTrainingStep', () => {
  it('takes a step, with whatever else was recorded', () => {
    expect(parseTrainingStep({ step: 1, loss: 2.5, own: [] })).toEqual({
      step: 1,
      loss: 2.5,
      own: [],
    });
  });

  it.each([
    [{ step: 0, loss: 1 }, 'step must be >= 1'],
    [{ step: 1, loss: null }, 'loss must be number'],
    [{ step: 1, loss: Number.NaN }, 'loss is NaN, which is not a finite number'],
    [{ step: 1, loss: 1, evaluation: { loss: '2' } }, 'evaluation.loss must be number'],
    ['{', 'it must be object'],
  ])('refuses %j: %s', (value, what) => {
    expect(refusal(() => parseTrainingStep(value, 'line 3')).message).toBe(
      `line 3 is not a step of a training run: ${what}`,
    );
  });
});

import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { Allocation } from './allocation.js';
import type { Analysis } from './analysis.js';
import { AlphaLoraError, errorIn, isAlphaLoraError, reasonOf } from './errors.js';
import { allocationSchema, analysisSchema, scoresSchema } from './schemas.js';
import type { Scores } from './scores.js';

const ajv = new Ajv2020({ strict: false, allErrors: true });

const analysis: Analysis = {
  schemaVersion: 1,
  kind: 'analysis',
  tool: { name: 'alphalora', version: '0.1.0' },
  model: {
    source: 'hf://org/name@rev',
    architecture: 'LlamaForCausalLM',
    blocks: 5,
    digest: `sha256:${'0'.repeat(64)}`,
  },
  options: { estimator: 'fix-finger', aggregate: 'mean', engine: 'wasm', seed: 3 },
  matrices: [
    {
      name: 'model.layers.0.self_attn.q_proj.weight',
      block: 0,
      role: 'q_proj',
      shape: [64, 64],
      dtype: 'F32',
      status: 'ok',
      alpha: 1.73,
      xmin: 0.5,
      ks: 0.08,
      tail: 41,
      stderr: 0.11,
      metrics: { stable_rank: 9.1 },
      lambda: 0.2,
      fingers: 2,
      interval: [1.5, 2],
      draws: [1.6, 1.9],
      warning: 'over-trained',
      spectrum: { range: [0.1, 9], counts: [3, 0, 1], cuts: { tail: [2, 4], alpha: [3, 2.5] } },
    },
    { name: 'n', shape: [64], dtype: 'F32', status: 'skipped', reason: 'not a matrix' },
    { name: 'u', shape: [4, 4], dtype: 'BF16', status: 'failed', reason: 'contains NaN' },
  ],
  blocks: [
    { index: 0, alpha: 2.31, matrices: 7, range: [1.7, 3], spread: 0.4, interval: [2, 2.6] },
    { index: 1, matrices: 0 },
  ],
  timings: { seconds: 1.2 },
};

const allocation: Allocation = {
  schemaVersion: 1,
  kind: 'allocation',
  policy: { name: 'own', version: '0.1.0', options: { beta: 2.5 }, from: './own.mjs' },
  budget: { unit: 'experts', total: 1 },
  rounding: 'largest-remainder',
  blocks: [
    {
      index: 0,
      score: 2.14,
      share: 1,
      experts: 1,
      topK: 1,
      robustness: {
        changed: 0.25,
        experts: [1, 3],
        driver: { name: 'w', role: 'v_proj', alpha: 14.2, experts: 2 },
      },
    },
  ],
  projections: [
    { name: 'w', block: 0, role: 'v_proj', inputs: 4, outputs: 2, experts: 1, topK: 1, rank: 8 },
  ],
  experts: [1],
  topK: [1],
  parameters: { rank: 8, trainable: 105635840 },
  robustness: { draws: 200, distance: 0.5 },
};

/** Of a resource that is no adapter. */
const sparsity: Allocation = {
  schemaVersion: 1,
  kind: 'allocation',
  policy: { name: 'alphapruning', version: '0.1.0', options: {} },
  budget: { unit: 'sparsity', per: 'projection', measure: 'average', total: 0.5 },
  blocks: [{ index: 0, score: 2.14 }],
  projections: [{ name: 'w', block: 0, inputs: 4, outputs: 2, score: 2.14, value: 0.5 }],
  experts: [],
  topK: [],
};

/** The document with one value replaced, removed when undefined. */
function changed(document: object, path: string, value: unknown): unknown {
  const copy = structuredClone(document) as never;
  const keys = path.split('/');
  const last = keys.pop()!;
  const owner = keys.reduce((node: Record<string, never>, key) => node[key]!, copy);
  if (value === undefined) delete (owner as Record<string, unknown>)[last];
  else (owner as Record<string, unknown>)[last] = value;
  return copy;
}

describe('the schema of an analysis', () => {
  const validate = ajv.compile(analysisSchema);

  it('accepts the documents that the types describe', () => {
    expect(validate(analysis), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ['schemaVersion', 2],
    ['kind', 'allocation'],
    ['model/blocks', -1],
    ['model/digest', 'sha256:short'],
    ['options/aggregate', 'sum'],
    ['matrices/0/alpha', undefined],
    ['matrices/0/alpha', null],
    ['matrices/0/dtype', 'F7'],
    ['matrices/0/metrics/stable_rank', 'high'],
    ['matrices/1/reason', undefined],
    ['matrices/2/reason', ''],
    ['matrices/2/status', 'lost'],
    ['matrices/0/interval', [1.5]],
    ['matrices/0/draws', ['1.6']],
    ['matrices/0/warning', 'tired'],
    ['matrices/0/spectrum/cuts', undefined],
    ['matrices/0/spectrum/counts', [0.5]],
    ['blocks/0/interval', 2],
    ['blocks/0/spread', -1],
    ['blocks/0/index', 0.5],
    ['timings', undefined],
  ])('refuses %s = %j', (path, value) => {
    expect(validate(changed(analysis, path, value))).toBe(false);
  });
});

describe('the schema of an allocation', () => {
  const validate = ajv.compile(allocationSchema);

  it('accepts the documents that the types describe', () => {
    expect(validate(allocation), JSON.stringify(validate.errors)).toBe(true);
    expect(validate(sparsity), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([
    ['kind', 'analysis'],
    ['policy/from', ''],
    ['policy/rule', ''],
    ['budget/unit', 'dollars'],
    ['rounding', 'up'],
    ['experts', [1.5]],
    ['topK', [0]],
    ['blocks/0/share', 2],
    ['parameters/rank', 0],
    ['budget/total', undefined],
    ['budget/per', 'layer'],
    ['blocks/0/experts', undefined],
    ['blocks/0/robustness/changed', 1.5],
    ['blocks/0/robustness/experts', [1]],
    ['blocks/0/robustness/driver/name', undefined],
    ['projections/0/inputs', undefined],
    ['projections/0/topK', 0],
    ['robustness/draws', 0],
  ])('refuses %s = %j', (path, value) => {
    expect(validate(changed(allocation, path, value))).toBe(false);
  });
});

describe('errors', () => {
  const error = new AlphaLoraError('NOT_FOUND', 'no such file', {
    details: { file: 'x' },
    cause: 'ENOENT',
  });

  it('are recognised by tag, also when they come from another copy of this package', () => {
    expect(isAlphaLoraError(error)).toBe(true);
    expect(isAlphaLoraError(error, 'NOT_FOUND', 'IO_FAILED')).toBe(true);
    expect(isAlphaLoraError(error, 'IO_FAILED')).toBe(false);
    expect(isAlphaLoraError({ tag: 'alphalora', code: 'IO_FAILED' }, 'IO_FAILED')).toBe(true);
  });

  it('are told apart from everything else', () => {
    for (const other of [new Error('x'), null, undefined, 'text', { tag: 'other' }]) {
      expect(isAlphaLoraError(other)).toBe(false);
    }
  });

  it('carry what happened, where and why', () => {
    expect(error).toMatchObject({ code: 'NOT_FOUND', details: { file: 'x' }, cause: 'ENOENT' });
    expect('cause' in new AlphaLoraError('IO_FAILED', 'x')).toBe(false);
  });
});

it('names what an error is in', () => {
  const cause = new Error('short');
  const options = { details: { tensor: 'w' }, cause };
  const error = errorIn('INVALID_CHECKPOINT', 'a.safetensors', 'it is empty', options);
  expect(error).toMatchObject({ code: 'INVALID_CHECKPOINT', cause });
  expect(error.message).toBe('a.safetensors: it is empty');
  expect(error.details).toEqual({ file: 'a.safetensors', tensor: 'w' });
  expect(errorIn('IO_FAILED', 'b', 'gone')).not.toHaveProperty('cause');
});

it('says of a weight what is not said elsewhere', () => {
  const file = 'models/someone/a.safetensors';
  const reason = (message: string, details = {}) =>
    reasonOf(new AlphaLoraError('UNSUPPORTED_CHECKPOINT', message, { details }), 'layers.0.q');
  const details = { file, tensor: 'layers.0.q' };
  expect(reason(`${file}: tensor "layers.0.q": its codes: none`, details)).toBe('its codes: none');
  expect(reason(`${file}: cut off`, details)).toBe('cut off');
  expect(reason('layers.0.q: has NaN')).toBe('has NaN');
  expect(reason('layers.0.k: has NaN', details)).toBe('layers.0.k: has NaN');
});

describe('the schema of scores', () => {
  const scores: Scores = {
    schemaVersion: 1,
    kind: 'scores',
    tool: { name: 'pytorch', version: '2.6.0' },
    model: { source: 'model' },
    data: { task: 'text', examples: 16, batches: 2 },
    options: { rank: 8, seed: 0, batchSize: 8 },
    measure: 'gradient',
    scores: [
      {
        name: 'model.layers.0.self_attn.q_proj.weight',
        block: 0,
        role: 'q_proj',
        score: 0.5,
        stderr: 0.1,
        measures: { gradient: { mean: 0.5, stderr: 0.1 }, activation: { mean: 1.5 } },
      },
    ],
  };

  it('takes what a program writes, and nothing less', () => {
    const validate = ajv.compile(scoresSchema);
    expect(validate(scores), JSON.stringify(validate.errors)).toBe(true);
    for (const field of Object.keys(scores)) {
      const { [field as keyof Scores]: _, ...rest } = scores;
      expect(validate(rest), `without ${field}`).toBe(false);
    }
    const [row] = scores.scores;
    for (const wrong of [{ block: -1 }, { score: null }, { stderr: -1 }, { measures: { a: 1 } }]) {
      expect(validate({ ...scores, scores: [{ ...row, ...wrong }] })).toBe(false);
    }
  });
});

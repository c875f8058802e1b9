/**
 * JSON Schemas (draft 2020-12) of the documents, as plain objects for any validator. What a schema
 * cannot say, such as that two lists are equally long, is checked by `@alphalora/documents`.
 */
import { elementTypes } from './element-types.js';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Above this, integers are not exact in JavaScript. */
const most = Number.MAX_SAFE_INTEGER;
const index = { type: 'integer', minimum: 0, maximum: most };
const count = { type: 'integer', minimum: 0, maximum: most };
const ordinal = { type: 'integer', minimum: 1, maximum: most };
const words = { type: 'string', minLength: 1 };
const kinds = ['projection', 'router', 'embedding', 'head', 'norm', 'bias', 'other'];

const positive = { type: 'number', exclusiveMinimum: 0 };
/** An exponent, of which policies take powers that must stay finite and above zero. */
const exponent = { type: 'number', minimum: 1e-100, maximum: 1e100 };
const share = { type: 'number', minimum: 0, maximum: 1 };
const pairOf = (items: object): object => {
  return { type: 'array', items, minItems: 2, maxItems: 2 };
};
const rowIdentity = {
  name: words,
  shape: { type: 'array', items: count },
  dtype: { enum: Object.keys(elementTypes) },
  block: index,
  role: words,
  kind: { enum: kinds },
  inputFirst: { type: 'boolean' },
  partOf: words,
  digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
};

/** Sums of squares and counts of WeightWatcher's metrics, of which readers take roots and differences. */
const notNegative = ['norm', 'spectral_norm', 'stable_rank', 'matrix_rank', 'num_evals'];
const metrics = {
  type: 'object',
  properties: Object.fromEntries(notNegative.map((name) => [name, { type: 'number', minimum: 0 }])),
  additionalProperties: { type: 'number' },
};

const matrixRow = {
  type: 'object',
  required: ['name', 'shape', 'dtype', 'status'],
  properties: { ...rowIdentity, status: { enum: ['ok', 'skipped', 'failed'] } },
  if: { properties: { status: { const: 'ok' } }, required: ['status'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: {
    required: ['alpha', 'xmin', 'ks', 'tail', 'stderr', 'metrics'],
    properties: {
      alpha: exponent,
      xmin: positive,
      ks: share,
      tail: ordinal,
      stderr: { type: 'number', minimum: 0 },
      lambda: { type: 'number', minimum: 0 },
      fingers: count,
      interval: pairOf(exponent),
      draws: { type: 'array', items: exponent },
      warning: { enum: ['over-trained', 'under-trained', 'spurious'] },
      weak: words,
      spectrum: {
        type: 'object',
        required: ['range', 'counts', 'cuts'],
        properties: {
          range: pairOf(positive),
          counts: { type: 'array', items: count },
          cuts: {
            type: 'object',
            required: ['tail', 'alpha'],
            properties: {
              tail: { type: 'array', items: ordinal },
              alpha: { type: 'array', items: exponent },
            },
          },
        },
      },
      precision: { enum: ['f32', 'f64'] },
      imprecise: words,
      metrics,
    },
  },
  else: {
    required: ['reason'],
    properties: { reason: words, shard: ordinal },
  },
};

export const analysisSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://alphalora.dev/schema/analysis-1.json',
  title: 'Analysis',
  description: 'Heavy-tail metrics of every weight matrix of a model',
  type: 'object',
  required: [
    ...['schemaVersion', 'kind', 'tool', 'model'],
    ...['options', 'matrices', 'blocks', 'timings'],
  ],
  properties: {
    schemaVersion: { const: 1 },
    kind: { const: 'analysis' },
    tool: {
      type: 'object',
      required: ['name', 'version'],
      properties: { name: words, version: words },
    },
    model: {
      type: 'object',
      required: ['source', 'blocks'],
      properties: {
        source: words,
        architecture: words,
        blocks: count,
        adapter: words,
        digest: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' },
      },
    },
    options: {
      type: 'object',
      required: ['estimator', 'aggregate', 'engine'],
      properties: {
        estimator: words,
        aggregate: { enum: ['mean', 'median', 'trimmed'] },
        engine: words,
      },
    },
    matrices: { type: 'array', items: matrixRow },
    blocks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['index', 'matrices'],
        properties: {
          index,
          alpha: exponent,
          matrices: count,
          range: pairOf(exponent),
          spread: { type: 'number', minimum: 0 },
          interval: pairOf(exponent),
        },
      },
    },
    timings: {
      type: 'object',
      required: ['seconds'],
      properties: { seconds: { type: 'number', minimum: 0 } },
    },
    shard: {
      type: 'object',
      required: ['index', 'count'],
      properties: {
        index: ordinal,
        // More parts than any cluster has machines; lists of the missing ones stay short.
        count: { type: 'integer', minimum: 1, maximum: 100_000 },
      },
    },
  },
};

const resources = ['experts', 'rank', 'bits', 'sparsity', 'learning-rate', 'weight-decay'];

/** Most experts, or highest rank, of a single linear map: products with its sides stay exact. */
export const mostUnits = 1_000_000;

/** Of a linear map. */
const side = { type: 'integer', minimum: 1, maximum: 2 ** 32 };

/** What a projection gets. The rule `official` can go below zero, as the code that it reproduces does. */
const ofProjection = {
  weak: words,
  share,
  experts: { type: 'integer', minimum: -mostUnits, maximum: mostUnits },
  topK: { type: 'integer', minimum: 1, maximum: mostUnits },
  rank: { type: 'integer', minimum: 0, maximum: mostUnits },
  cap: { type: 'integer', minimum: 1, maximum: mostUnits },
  value: { type: 'number', minimum: 0 },
};

/** What a block gets, which may be the sum over its projections. */
const ofBlock = {
  ...ofProjection,
  experts: { type: 'integer', minimum: -most, maximum: most },
  rank: count,
};

/** Rules for allocations of these resources. */
const ofUnits = (units: readonly string[], rules: object): object => ({
  if: { properties: { budget: { properties: { unit: { enum: units } } } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: rules },
});
const empty = { type: 'array', maxItems: 0 };
const requiring = (...names: string[]): object => ({ items: { required: names } });

export const allocationSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://alphalora.dev/schema/allocation-1.json',
  title: 'Allocation',
  description: 'How much of a resource, such as LoRA experts, each part of a model gets',
  type: 'object',
  required: [...['schemaVersion', 'kind', 'policy', 'budget'], ...['blocks', 'experts', 'topK']],
  properties: {
    schemaVersion: { const: 1 },
    kind: { const: 'allocation' },
    policy: {
      type: 'object',
      required: ['name', 'version', 'options'],
      properties: {
        name: words,
        version: words,
        options: { type: 'object' },
        rule: words,
        from: words,
      },
    },
    budget: {
      type: 'object',
      required: ['unit'],
      properties: {
        unit: { enum: resources },
        per: { enum: ['block', 'projection'] },
        measure: { enum: ['units', 'parameters', 'average'] },
        total: { type: 'number', minimum: 0 },
        min: { type: 'number', minimum: 0 },
        max: { type: 'number', minimum: 0 },
      },
    },
    rounding: { enum: ['largest-remainder', 'official', 'floor-one'] },
    blocks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['index', 'score'],
        properties: {
          index,
          score: { type: 'number' },
          ...ofBlock,
          robustness: {
            type: 'object',
            required: ['changed', 'experts'],
            properties: {
              changed: share,
              // Quantiles, which may lie between two numbers of experts.
              experts: pairOf({ ...ofBlock.experts, type: 'number' }),
              driver: {
                type: 'object',
                required: ['name', 'alpha', 'experts'],
                properties: {
                  name: words,
                  role: words,
                  alpha: positive,
                  experts: ofBlock.experts,
                },
              },
            },
          },
        },
      },
    },
    projections: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'block', 'inputs', 'outputs'],
        properties: {
          name: words,
          block: index,
          role: words,
          inputs: side,
          outputs: side,
          score: { type: 'number' },
          ...ofProjection,
        },
      },
    },
    experts: { type: 'array', items: ofBlock.experts },
    topK: { type: 'array', items: ofBlock.topK },
    parameters: {
      type: 'object',
      required: ['rank', 'trainable'],
      properties: {
        rank: { type: 'integer', minimum: 1, maximum: mostUnits },
        trainable: { type: 'integer', minimum: -most, maximum: most },
      },
    },
    robustness: {
      type: 'object',
      required: ['draws', 'distance'],
      properties: {
        draws: ordinal,
        distance: { type: 'number', minimum: 0 },
      },
    },
  },
  allOf: [
    ofUnits(['experts'], {
      budget: { required: ['total'] },
      blocks: requiring('share', 'experts', 'topK'),
      projections: requiring('experts', 'topK', 'rank'),
    }),
    ofUnits(['rank'], {
      blocks: requiring('experts', 'topK', 'rank'),
      projections: requiring('experts', 'topK', 'rank'),
    }),
    ofUnits(['bits', 'sparsity', 'learning-rate', 'weight-decay'], {
      projections: requiring('value'),
      experts: empty,
      topK: empty,
    }),
    ofUnits(['sparsity'], {
      blocks: { items: { properties: { value: share } } },
      projections: { items: { properties: { value: share } } },
    }),
  ],
};

/** A line of `metrics.jsonl`, which may hold more. */
export const trainingStepSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'https://alphalora.dev/schema/training-step-1.json',
  title: 'TrainingStep',
  description: 'One step of a training run',
  type: 'object',
  required: ['step', 'loss'],
  properties: {
    step: ordinal,
    loss: { type: 'number' },
    epoch: { type: 'number', minimum: 0 },
    learningRate: { type: 'number', minimum: 0 },
    tokensPerSecond: { type: 'number', minimum: 0 },
    evaluation: { type: 'object', additionalProperties: { type: 'number' } },
  },
};

/** JSON Schemas (draft 2020-12) of the documents, as plain objects for any validator. */

type JsonSchema = Readonly<Record<string, unknown>>;

const index = { type: 'integer', minimum: 0 };
const count = { type: 'integer', minimum: 0 };
const words = { type: 'string', minLength: 1 };
const kinds = ['projection', 'router', 'embedding', 'head', 'norm', 'bias', 'other'];
const dtypes = [
  ...['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2'],
  ...['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8', 'BOOL'],
];

const positive = { type: 'number', exclusiveMinimum: 0 };
const share = { type: 'number', minimum: 0, maximum: 1 };
const pairOf = (items: object): object => {
  return { type: 'array', items, minItems: 2, maxItems: 2 };
};
const rowIdentity = {
  name: words,
  shape: { type: 'array', items: count },
  dtype: { enum: dtypes },
  block: index,
  role: words,
  kind: { enum: kinds },
  inputFirst: { type: 'boolean' },
  partOf: words,
  digest: { type: 'string', pattern: '^[0-9a-f]{64}$' },
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
      alpha: positive,
      xmin: positive,
      ks: share,
      tail: { type: 'integer', minimum: 1 },
      stderr: { type: 'number', minimum: 0 },
      lambda: { type: 'number', minimum: 0 },
      fingers: count,
      interval: pairOf(positive),
      draws: { type: 'array', items: positive },
      warning: { enum: ['over-trained', 'under-trained', 'spurious'] },
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
              tail: { type: 'array', items: { type: 'integer', minimum: 1 } },
              alpha: { type: 'array', items: positive },
            },
          },
        },
      },
      precision: { enum: ['f32', 'f64'] },
      imprecise: words,
      metrics: { type: 'object', additionalProperties: { type: 'number' } },
    },
  },
  else: {
    required: ['reason'],
    properties: { reason: words, shard: { type: 'integer', minimum: 1 } },
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
          alpha: positive,
          matrices: count,
          range: pairOf(positive),
          spread: { type: 'number', minimum: 0 },
          interval: pairOf(positive),
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
        index: { type: 'integer', minimum: 1 },
        count: { type: 'integer', minimum: 1 },
      },
    },
  },
};

const resources = ['experts', 'rank', 'bits', 'sparsity', 'learning-rate', 'weight-decay'];

/** What a block or a projection gets. */
const allocated = {
  share,
  // The rule `official` can go below zero, as the code that it reproduces does.
  experts: { type: 'integer' },
  topK: { type: 'integer', minimum: 1 },
  rank: count,
  value: { type: 'number', minimum: 0 },
};

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
      properties: { name: words, version: words, options: { type: 'object' }, from: words },
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
          ...allocated,
          robustness: {
            type: 'object',
            required: ['changed', 'experts'],
            properties: {
              changed: share,
              experts: pairOf({ type: 'integer' }),
              driver: {
                type: 'object',
                required: ['name', 'alpha', 'experts'],
                properties: {
                  ...{ name: words, role: words },
                  ...{ alpha: positive, experts: { type: 'integer' } },
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
          ...{ name: words, block: index, role: words, inputs: count, outputs: count },
          score: { type: 'number' },
          ...allocated,
        },
      },
    },
    experts: { type: 'array', items: { type: 'integer' } },
    topK: { type: 'array', items: { type: 'integer', minimum: 1 } },
    parameters: {
      type: 'object',
      required: ['rank', 'trainable'],
      properties: { rank: { type: 'integer', minimum: 1 }, trainable: { type: 'integer' } },
    },
    robustness: {
      type: 'object',
      required: ['draws', 'distance'],
      properties: {
        draws: { type: 'integer', minimum: 1 },
        distance: { type: 'number', minimum: 0 },
      },
    },
  },
  if: { properties: { budget: { properties: { unit: { const: 'experts' } } } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: {
    properties: {
      budget: { required: ['total'] },
      blocks: { items: { required: ['share', 'experts', 'topK'] } },
    },
  },
};

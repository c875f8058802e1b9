/**
 * JSON Schemas (draft 2020-12) of the documents, as plain objects for any validator: what their types
 * say (`document-schemas.ts`), and here what types cannot. What a schema cannot say, such as that two
 * lists are equally long, is checked by `@alphalora/documents`.
 */
import { allocation, analysis, type JsonSchema, scores, trainingStep } from './document-schemas.js';

const head = (name: string, title: string): JsonSchema => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `https://alphalora.dev/schema/${name}.json`,
  title,
});

/** Sums of squares and counts of WeightWatcher's metrics, of which readers take roots and differences. */
const notNegative = ['norm', 'spectral_norm', 'stable_rank', 'matrix_rank', 'num_evals'];
const metrics = {
  properties: Object.fromEntries(notNegative.map((name) => [name, { minimum: 0 }])),
};

export const analysisSchema: JsonSchema = {
  ...head('analysis-1', 'Analysis'),
  ...analysis,
  allOf: [
    {
      properties: {
        matrices: {
          items: {
            if: { properties: { status: { const: 'ok' } } },
            // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
            then: { properties: { metrics } },
          },
        },
      },
    },
  ],
};

/** Most experts, or highest rank, of a single linear map: products with its sides stay exact. */
export const mostUnits = 1_000_000;

/** Rules for allocations of these resources. */
const ofUnits = (units: readonly string[], rules: object): object => ({
  if: { properties: { budget: { properties: { unit: { enum: units } } } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: rules },
});
const empty = { type: 'array', maxItems: 0 };
const requiring = (...names: string[]): object => ({ items: { required: names } });

const share = { minimum: 0, maximum: 1 };
const choice = { enum: [0, 1] };

export const allocationSchema: JsonSchema = {
  ...head('allocation-1', 'Allocation'),
  ...allocation,
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
    ofUnits(['bits', 'sparsity', 'selection', 'learning-rate', 'weight-decay'], {
      projections: requiring('value'),
      experts: empty,
      topK: empty,
    }),
    ofUnits(['sparsity'], {
      blocks: { items: { properties: { value: share } } },
      projections: { items: { properties: { value: share } } },
    }),
    ofUnits(['selection'], {
      blocks: { items: { properties: { value: choice } } },
      projections: { items: { properties: { value: choice } } },
    }),
  ],
};

export const scoresSchema: JsonSchema = { ...head('scores-1', 'Scores'), ...scores };

/** A line of `metrics.jsonl`, which may hold more. */
export const trainingStepSchema: JsonSchema = {
  ...head('training-step-1', 'TrainingStep'),
  ...trainingStep,
};

// biome-ignore-all lint/suspicious/noThenProperty: a keyword of JSON Schema
/** Made by scripts/make-schemas.mjs from the types of the documents: change those, and run it. */

export type JsonSchema = Readonly<Record<string, unknown>>;

export const analysis: JsonSchema = {
  description: 'Heavy-tail metrics of every weight matrix of a model',
  type: 'object',
  required: ['schemaVersion', 'kind', 'tool', 'model', 'options', 'matrices', 'blocks', 'timings'],
  properties: {
    schemaVersion: { const: 1 },
    kind: { const: 'analysis' },
    tool: {
      type: 'object',
      required: ['name', 'version'],
      properties: {
        name: { type: 'string', minLength: 1 },
        version: { type: 'string', minLength: 1 },
      },
    },
    model: {
      type: 'object',
      required: ['source', 'blocks'],
      properties: {
        source: { description: 'Path or `hf://org/name@revision`.', type: 'string', minLength: 1 },
        architecture: { type: 'string', minLength: 1 },
        blocks: {
          description: 'Number of blocks of the main stack.',
          type: 'integer',
          minimum: 0,
          maximum: 9007199254740991,
        },
        noBlocks: {
          description: 'Why there is no block where the configuration says that there are some.',
          type: 'string',
          minLength: 1,
        },
        stack: {
          description: 'Name of the main stack, where there are others.',
          type: 'string',
          minLength: 1,
        },
        adapter: {
          description: 'Path of the LoRA adapter whose update was added to the weights.',
          type: 'string',
          minLength: 1,
        },
        base: {
          description:
            'The model whose weights were taken away: rows are of the differences W - W_base.',
          type: 'string',
          minLength: 1,
        },
        digest: {
          description:
            '`sha256:` and the digest over the names, shapes and digests of all matrices.',
          type: 'string',
          pattern: '^sha256:[0-9a-f]{64}$',
        },
      },
    },
    options: {
      description: 'Everything that can change a number.',
      type: 'object',
      required: ['aggregate', 'estimator', 'engine'],
      properties: {
        aggregate: {
          description:
            "How the alphas of a block's projections become the block's alpha. `trimmed` is the mean without the lowest and the highest fifth, at least one each where there are three or more; `geometric` is 1 + exp(mean of ln(alpha - 1)).",
          enum: ['mean', 'median', 'trimmed', 'geometric'],
        },
        cap: {
          description: 'A larger alpha counts as this one; rows keep what was measured.',
          type: 'number',
          minimum: 1e-100,
          maximum: 1e100,
        },
        estimator: { type: 'string', minLength: 1 },
        engine: { type: 'string', minLength: 1 },
      },
    },
    notes: {
      description:
        'Warnings about what was asked for, such as a pattern that matches no weight; absent where there are none.',
      type: 'array',
      items: { type: 'string', minLength: 1 },
    },
    matrices: {
      description: 'One row for each weight of the checkpoint; nothing is dropped.',
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'shape', 'dtype', 'status'],
        properties: {
          name: { type: 'string', minLength: 1 },
          shape: {
            type: 'array',
            items: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
          },
          dtype: {
            description: 'An element type, by the name that safetensors or ggml gives it.',
            enum: [
              'F64',
              'F32',
              'F16',
              'BF16',
              'F8_E4M3',
              'F8_E5M2',
              'F8_E4M3FNUZ',
              'F8_E5M2FNUZ',
              'F8_E8M0',
              'F4',
              'F6_E2M3',
              'F6_E3M2',
              'C64',
              'I64',
              'I32',
              'I16',
              'I8',
              'U64',
              'U32',
              'U16',
              'U8',
              'BOOL',
              'Q4_0',
              'Q4_1',
              'Q5_0',
              'Q5_1',
              'Q8_0',
              'Q2_K',
              'Q3_K',
              'Q4_K',
              'Q5_K',
              'Q6_K',
              'IQ1_S',
              'IQ1_M',
              'IQ2_XXS',
              'IQ2_XS',
              'IQ2_S',
              'IQ3_XXS',
              'IQ3_S',
              'IQ4_NL',
              'IQ4_XS',
              'TQ1_0',
              'TQ2_0',
              'MXFP4',
              'NVFP4',
            ],
          },
          block: {
            description:
              'Number of its block in the main stack; absent in all others, so that nothing is counted to both.',
            type: 'integer',
            minimum: 0,
            maximum: 9007199254740991,
          },
          stack: {
            description:
              'Its stack and the number of its block there, where that is not all of the main stack.',
            type: 'object',
            required: ['name', 'block'],
            properties: {
              name: {
                description:
                  'What the names of its blocks have before their numbers: `vision_model.encoder.layers`.',
                type: 'string',
                minLength: 1,
              },
              block: {
                description: 'The number of the block within the stack.',
                type: 'integer',
                minimum: 0,
                maximum: 9007199254740991,
              },
            },
          },
          role: { type: 'string', minLength: 1 },
          kind: {
            description: 'Absent means projection where there is a block.',
            enum: ['projection', 'router', 'embedding', 'head', 'norm', 'bias', 'other'],
          },
          inputFirst: { description: 'Whether the stored shape is `[in, out]`.', type: 'boolean' },
          partOf: {
            description: 'The stored tensor of which this row is a part.',
            type: 'string',
            minLength: 1,
          },
          base: {
            description: 'The weight of `model.base` that was taken away from it.',
            type: 'string',
            minLength: 1,
          },
          quantization: {
            description:
              'The scheme that it was dequantized from, in words: `FP8, scales of 128 x 128`.',
            type: 'string',
            minLength: 1,
          },
          digest: {
            description: 'SHA-256 of the type, shape and values that were measured.',
            type: 'string',
            pattern: '^[0-9a-f]{64}$',
          },
          status: { enum: ['ok', 'skipped', 'failed'] },
        },
        if: { properties: { status: { const: 'ok' } }, required: ['status'] },
        then: {
          required: ['alpha', 'xmin', 'ks', 'tail', 'stderr', 'metrics'],
          properties: {
            alpha: { type: 'number', minimum: 1e-100, maximum: 1e100 },
            unbagged: {
              description:
                'Where `alpha` is bagged: that of the one fit that `xmin`, `ks`, `tail` and `stderr` are of.',
              type: 'number',
              minimum: 1e-100,
              maximum: 1e100,
            },
            xmin: { type: 'number', exclusiveMinimum: 0 },
            ks: { type: 'number', minimum: 0, maximum: 1 },
            tail: {
              description: 'Number of eigenvalues in the tail.',
              type: 'integer',
              minimum: 1,
              maximum: 9007199254740991,
            },
            stderr: {
              description: 'Standard error of alpha for a given cut.',
              type: 'number',
              minimum: 0,
            },
            lambda: {
              description: 'Rate of the exponential cut-off, where the law has one.',
              type: 'number',
              minimum: 0,
            },
            fingers: {
              description: 'Number of largest eigenvalues that the estimator set aside.',
              type: 'integer',
              minimum: 0,
              maximum: 9007199254740991,
            },
            rawAlpha: {
              description: 'Alpha before they were.',
              type: 'number',
              minimum: 1e-100,
              maximum: 1e100,
            },
            interval: {
              description:
                'The middle 95 % of `draws`: an interval for alpha that includes the choice of the cut.',
              type: 'array',
              minItems: 2,
              maxItems: 2,
              items: { type: 'number', minimum: 1e-100, maximum: 1e100 },
            },
            draws: {
              description: 'Alpha of every draw of the spectrum, in their order.',
              type: 'array',
              items: { type: 'number', minimum: 1e-100, maximum: 1e100 },
            },
            warning: {
              description:
                "What an alpha outside of the usual range says, by WeightWatcher's bounds: below 2, above 6, and above 8, where the tail is hardly a power law and alpha means little. They are for fits that look for their cut: rows of a given one have no warning.",
              enum: ['over-trained', 'under-trained', 'spurious'],
            },
            weak: {
              description:
                'Why the fit says nothing, in words: it counts in no score, and has no interval, no warning and no metrics that follow from it.',
              type: 'string',
              minLength: 1,
            },
            thin: {
              description:
                'Present where the tail has fewer eigenvalues than was asked for, in words: alpha counts all the same.',
              type: 'string',
              minLength: 1,
            },
            misfit: {
              description:
                'Present where the estimator does not look for its cut and the tail above it is no power law, in words: alpha depends on the cut, and the interval holds for this cut only.',
              type: 'string',
              minLength: 1,
            },
            spectrum: {
              description: 'A spectrum, small enough to be kept in the document and drawn.',
              type: 'object',
              required: ['range', 'counts', 'cuts'],
              properties: {
                range: {
                  description: 'Smallest and largest eigenvalue.',
                  type: 'array',
                  minItems: 2,
                  maxItems: 2,
                  items: { type: 'number', exclusiveMinimum: 0 },
                },
                counts: {
                  description: 'Eigenvalues in equal bins of log10 lambda between the two.',
                  type: 'array',
                  items: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
                },
                cuts: {
                  description:
                    'Alpha as a function of the cut: sizes of the tail, ascending, and the exponent for each.',
                  type: 'object',
                  required: ['tail', 'alpha'],
                  properties: {
                    tail: {
                      type: 'array',
                      items: { type: 'integer', minimum: 1, maximum: 9007199254740991 },
                    },
                    alpha: {
                      type: 'array',
                      items: { type: 'number', minimum: 1e-100, maximum: 1e100 },
                    },
                  },
                },
              },
            },
            precision: {
              description: 'The arithmetic that the spectrum was computed in.',
              enum: ['f32', 'f64'],
            },
            imprecise: {
              description:
                'Present where the arithmetic did not resolve eigenvalues that the fit depends on: why alpha and what follows from it are not to be relied on, in words. Metrics that cannot be known are absent.',
              type: 'string',
              minLength: 1,
            },
            metrics: {
              description: 'Further metrics by name.',
              type: 'object',
              additionalProperties: { type: 'number' },
            },
          },
        },
        else: {
          required: ['reason'],
          properties: {
            reason: { description: 'Why, in words.', type: 'string', minLength: 1 },
            shard: {
              description:
                'In a part of an analysis: the part that measures this row, where it is another one.',
              type: 'integer',
              minimum: 1,
              maximum: 9007199254740991,
            },
          },
        },
      },
    },
    blocks: {
      description: 'Of the main stack.',
      type: 'array',
      items: {
        type: 'object',
        required: ['index', 'matrices'],
        properties: {
          index: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
          stack: {
            description:
              'Where the main stack is an encoder and its decoder: the one that the block is in, and its number there.',
            type: 'object',
            required: ['name', 'block'],
            properties: {
              name: {
                description:
                  'What the names of its blocks have before their numbers: `vision_model.encoder.layers`.',
                type: 'string',
                minLength: 1,
              },
              block: {
                description: 'The number of the block within the stack.',
                type: 'integer',
                minimum: 0,
                maximum: 9007199254740991,
              },
            },
          },
          alpha: {
            description:
              'Aggregate of the alphas of its projections whose fits count; absent when there are none.',
            type: 'number',
            minimum: 1e-100,
            maximum: 1e100,
          },
          matrices: {
            description: 'Number of projections whose fits count: analysed, and not `weak`.',
            type: 'integer',
            minimum: 0,
            maximum: 9007199254740991,
          },
          capped: {
            description:
              'Number of those whose alpha is above the cap and counts as the cap; absent where there is none.',
            type: 'integer',
            minimum: 1,
            maximum: 9007199254740991,
          },
          range: {
            description: 'Lowest and highest alpha among them.',
            type: 'array',
            minItems: 2,
            maxItems: 2,
            items: { type: 'number', minimum: 1e-100, maximum: 1e100 },
          },
          spread: {
            description: 'Standard deviation of their alphas, from two projections on.',
            type: 'number',
            minimum: 0,
          },
          interval: {
            description: "The middle 95 % of the block's alpha over the draws of its projections.",
            type: 'array',
            minItems: 2,
            maxItems: 2,
            items: { type: 'number', minimum: 1e-100, maximum: 1e100 },
          },
        },
      },
    },
    stacks: {
      description: 'The other stacks of blocks, such as vision towers; absent where there is none.',
      type: 'array',
      items: {
        description: 'A stack of blocks beside the main one.',
        type: 'object',
        required: ['name', 'blocks'],
        properties: {
          name: {
            description:
              'What the names of its blocks have before their numbers: `vision_model.encoder.layers`.',
            type: 'string',
            minLength: 1,
          },
          reason: {
            description: 'Why it stands apart from the stack that its names are in.',
            type: 'string',
            minLength: 1,
          },
          blocks: {
            description: 'Those that have weights, by their numbers in it.',
            type: 'array',
            items: {
              type: 'object',
              required: ['index', 'matrices'],
              properties: {
                index: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
                stack: {
                  description:
                    'Where the main stack is an encoder and its decoder: the one that the block is in, and its number there.',
                  type: 'object',
                  required: ['name', 'block'],
                  properties: {
                    name: {
                      description:
                        'What the names of its blocks have before their numbers: `vision_model.encoder.layers`.',
                      type: 'string',
                      minLength: 1,
                    },
                    block: {
                      description: 'The number of the block within the stack.',
                      type: 'integer',
                      minimum: 0,
                      maximum: 9007199254740991,
                    },
                  },
                },
                alpha: {
                  description:
                    'Aggregate of the alphas of its projections whose fits count; absent when there are none.',
                  type: 'number',
                  minimum: 1e-100,
                  maximum: 1e100,
                },
                matrices: {
                  description: 'Number of projections whose fits count: analysed, and not `weak`.',
                  type: 'integer',
                  minimum: 0,
                  maximum: 9007199254740991,
                },
                capped: {
                  description:
                    'Number of those whose alpha is above the cap and counts as the cap; absent where there is none.',
                  type: 'integer',
                  minimum: 1,
                  maximum: 9007199254740991,
                },
                range: {
                  description: 'Lowest and highest alpha among them.',
                  type: 'array',
                  minItems: 2,
                  maxItems: 2,
                  items: { type: 'number', minimum: 1e-100, maximum: 1e100 },
                },
                spread: {
                  description: 'Standard deviation of their alphas, from two projections on.',
                  type: 'number',
                  minimum: 0,
                },
                interval: {
                  description:
                    "The middle 95 % of the block's alpha over the draws of its projections.",
                  type: 'array',
                  minItems: 2,
                  maxItems: 2,
                  items: { type: 'number', minimum: 1e-100, maximum: 1e100 },
                },
              },
            },
          },
        },
      },
    },
    timings: {
      type: 'object',
      required: ['seconds'],
      properties: { seconds: { type: 'number', minimum: 0 } },
    },
    shard: {
      description:
        'Present in a part of an analysis: which of how many parts it is, counted from 1.',
      type: 'object',
      required: ['index', 'count'],
      properties: {
        index: { type: 'integer', minimum: 1, maximum: 9007199254740991 },
        count: { type: 'integer', minimum: 1, maximum: 100000 },
      },
    },
  },
};

export const allocation: JsonSchema = {
  description: 'How much of a resource, such as LoRA experts, each part of a model gets',
  type: 'object',
  required: ['schemaVersion', 'kind', 'policy', 'budget', 'blocks', 'experts', 'topK'],
  properties: {
    schemaVersion: { const: 1 },
    kind: { const: 'allocation' },
    policy: {
      type: 'object',
      required: ['name', 'version', 'options'],
      properties: {
        name: { type: 'string', minLength: 1 },
        version: { type: 'string', minLength: 1 },
        options: { type: 'object' },
        rule: {
          description:
            'What the policy says of its rule: the end of a sentence that begins with what is shared out among which layers. Absent where it says nothing.',
          type: 'string',
          minLength: 1,
        },
        from: {
          description:
            'Package or path that a foreign policy was loaded from; absent where the name is enough.',
          type: 'string',
          minLength: 1,
        },
      },
    },
    model: {
      description: 'The model that it is for; absent where scores came without an analysis.',
      type: 'object',
      required: ['source'],
      properties: {
        source: { description: 'Path or `hf://org/name@revision`.', type: 'string', minLength: 1 },
        architecture: {
          description: 'Its class, as in an analysis.',
          type: 'string',
          minLength: 1,
        },
        others: {
          description:
            'Its matrices that get nothing because the allocation is not for them (other stacks, embeddings, heads, routers), by their names in the checkpoint with `*` in place of numbers: what programs that look modules up by their names must leave alone.',
          type: 'array',
          items: { type: 'string', minLength: 1 },
        },
      },
    },
    stack: {
      description: 'Name of the stack of blocks that it is for, where the model has several.',
      type: 'string',
      minLength: 1,
    },
    budget: {
      type: 'object',
      required: ['unit'],
      properties: {
        unit: {
          description: 'What is shared out among the layers.',
          enum: [
            'experts',
            'rank',
            'bits',
            'sparsity',
            'selection',
            'learning-rate',
            'weight-decay',
          ],
        },
        per: { description: 'What gets a share.', enum: ['block', 'projection'], default: 'block' },
        measure: {
          description:
            'What `total` counts: units in all, trainable parameters, or the average of the layers (of sparsity: weighted by their parameters).',
          enum: ['units', 'parameters', 'average'],
          default: 'units',
        },
        total: { description: 'Absent for multipliers.', type: 'number', minimum: 0 },
        min: { type: 'number', minimum: 0 },
        max: { type: 'number', minimum: 0 },
      },
    },
    scoredBy: {
      description:
        'The metric that the scores are, where the policy looked at one other than alpha.',
      type: 'string',
      minLength: 1,
    },
    covers: {
      description:
        "The share of the parameters of the blocks' projections that the scores rest on, where others were skipped, failed or have fits that say nothing.",
      type: 'number',
      minimum: 0,
      maximum: 1,
    },
    rounding: {
      description: "Present where integers were made of the policy's weights.",
      enum: ['largest-remainder', 'official', 'floor-one'],
    },
    notes: {
      description:
        'What bounds made of the rule, such as layers that are pruned as a whole, and that the blocks cannot be told apart; absent where nothing.',
      type: 'array',
      items: { type: 'string', minLength: 1 },
    },
    blocks: {
      type: 'array',
      items: {
        type: 'object',
        required: ['index', 'score'],
        properties: {
          index: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
          stack: {
            description:
              'Of an encoder and its decoder: the one that the block is in, and its number there.',
            type: 'object',
            required: ['name', 'block'],
            properties: {
              name: {
                description:
                  'What the names of its blocks have before their numbers: `vision_model.encoder.layers`.',
                type: 'string',
                minLength: 1,
              },
              block: {
                description: 'The number of the block within the stack.',
                type: 'integer',
                minimum: 0,
                maximum: 9007199254740991,
              },
            },
          },
          score: { description: 'What the policy looked at, e.g. alpha.', type: 'number' },
          weak: {
            description:
              "Why the score is the mean of the others: none of the block's projections has a fit that says anything, or the metric.",
            type: 'string',
            minLength: 1,
          },
          empty: {
            description:
              'Why it gets nothing and has the score 0: there is nothing in it to give anything to.',
            type: 'string',
            minLength: 1,
          },
          share: {
            description:
              'Part of the budget that the policy asked for; the shares of all layers sum to 1.',
            type: 'number',
            minimum: 0,
            maximum: 1,
          },
          experts: {
            description:
              "Of a budget per projection: the sum over the block's projections. Present for adapters.",
            type: 'integer',
            minimum: -9007199254740991,
            maximum: 9007199254740991,
          },
          topK: { type: 'integer', minimum: 1, maximum: 1000000 },
          rank: {
            description:
              'LoRA rank, where ranks were shared out: of each projection, or the sum over them.',
            type: 'integer',
            minimum: 0,
            maximum: 9007199254740991,
          },
          cap: {
            description:
              'Where the rank is the largest that the smallest of its matrices can have: that rank.',
            type: 'integer',
            minimum: 1,
            maximum: 1000000,
          },
          value: {
            description:
              'Bits, sparsity, selection (0 or 1) or multiplier, where those were decided by block.',
            type: 'number',
            minimum: 0,
          },
          robustness: {
            type: 'object',
            required: ['changed', 'experts'],
            properties: {
              changed: {
                description:
                  'Share of the draws in which the block gets another number of experts.',
                type: 'number',
                minimum: 0,
                maximum: 1,
              },
              experts: {
                description:
                  'The middle 95 % of its number of experts over the draws: quantiles, which may be fractions.',
                type: 'array',
                minItems: 2,
                maxItems: 2,
                items: { type: 'number', minimum: -9007199254740991, maximum: 9007199254740991 },
              },
              driver: {
                description:
                  'The projection whose removal changes the block most; absent where there is only one.',
                type: 'object',
                required: ['name', 'alpha', 'experts'],
                properties: {
                  name: { type: 'string', minLength: 1 },
                  role: { type: 'string', minLength: 1 },
                  alpha: { type: 'number', exclusiveMinimum: 0 },
                  experts: {
                    description: 'Experts of the block without this projection.',
                    type: 'integer',
                    minimum: -9007199254740991,
                    maximum: 9007199254740991,
                  },
                },
              },
            },
          },
        },
      },
    },
    projections: {
      description:
        "Where the shapes are known: every linear map that gets something, in the checkpoint's order.",
      type: 'array',
      items: {
        description: 'A linear map and what it gets.',
        type: 'object',
        required: ['name', 'block', 'inputs', 'outputs'],
        properties: {
          name: {
            description: 'Name of its weight in the checkpoint.',
            type: 'string',
            minLength: 1,
          },
          block: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
          role: { type: 'string', minLength: 1 },
          inputs: { type: 'integer', minimum: 1, maximum: 4294967296 },
          outputs: { type: 'integer', minimum: 1, maximum: 4294967296 },
          score: { description: 'Where the budget is per projection.', type: 'number' },
          weak: {
            description:
              'Why the score is a mean of others: the projection has no fit that says anything, or no such metric.',
            type: 'string',
            minLength: 1,
          },
          share: { type: 'number', minimum: 0, maximum: 1 },
          experts: {
            description:
              'Experts, experts selected per token, and LoRA rank of each; absent for other resources.',
            type: 'integer',
            minimum: -1000000,
            maximum: 1000000,
          },
          topK: { type: 'integer', minimum: 1, maximum: 1000000 },
          rank: { type: 'integer', minimum: 0, maximum: 1000000 },
          cap: {
            description:
              'Where the rank is the largest that its matrix can have, min(inputs, outputs): that rank.',
            type: 'integer',
            minimum: 1,
            maximum: 1000000,
          },
          value: {
            description: 'Bits, sparsity, selection (0 or 1) or multiplier.',
            type: 'number',
            minimum: 0,
          },
        },
      },
    },
    experts: {
      description: 'Experts by position in `blocks`; empty for resources that are no adapters.',
      type: 'array',
      items: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
    },
    topK: {
      description:
        'Experts that the router selects per token, by position in `blocks`; empty like `experts`.',
      type: 'array',
      items: { type: 'integer', minimum: 1, maximum: 1000000 },
    },
    parameters: {
      description: 'Present when the shapes of the adapted projections are known.',
      type: 'object',
      required: ['rank', 'trainable'],
      properties: {
        rank: { type: 'integer', minimum: 1, maximum: 1000000 },
        trainable: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
      },
    },
    robustness: {
      description: 'How the result fares when the alphas are drawn anew; details by block.',
      type: 'object',
      required: ['draws', 'distance'],
      properties: {
        draws: {
          description: 'Draws of all alphas, each allocated by the same rule.',
          type: 'integer',
          minimum: 1,
          maximum: 9007199254740991,
        },
        distance: {
          description: 'Mean of sum |experts of a draw - experts| over the draws, in experts.',
          type: 'number',
          minimum: 0,
        },
      },
    },
  },
};

export const scores: JsonSchema = {
  description: 'Scores of projections from one pass over data, for policies that allocate by them',
  type: 'object',
  required: ['schemaVersion', 'kind', 'tool', 'model', 'data', 'options', 'measure', 'scores'],
  properties: {
    schemaVersion: { const: 1 },
    kind: { const: 'scores' },
    tool: {
      type: 'object',
      required: ['name', 'version'],
      properties: {
        name: { type: 'string', minLength: 1 },
        version: { type: 'string', minLength: 1 },
      },
    },
    model: {
      type: 'object',
      required: ['source'],
      properties: {
        source: { type: 'string', minLength: 1 },
        architecture: { type: 'string', minLength: 1 },
      },
    },
    data: {
      type: 'object',
      required: ['task', 'examples', 'batches'],
      properties: {
        task: { type: 'string', minLength: 1 },
        examples: {
          description: 'Examples that were seen.',
          type: 'integer',
          minimum: 1,
          maximum: 9007199254740991,
        },
        batches: { type: 'integer', minimum: 1, maximum: 9007199254740991 },
      },
    },
    options: {
      type: 'object',
      required: ['rank', 'seed'],
      properties: {
        rank: {
          description:
            'Rank of the LoRA of `fisher`, and number of components of `explained-variance`.',
          type: 'integer',
          minimum: 0,
          maximum: 1000000,
        },
        seed: { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 },
      },
    },
    measure: { description: 'Which of the measures is `score`.', type: 'string', minLength: 1 },
    scores: {
      type: 'array',
      items: {
        type: 'object',
        required: ['name', 'block', 'score', 'measures'],
        properties: {
          name: {
            description: 'Of the weight, as the checkpoint calls it.',
            type: 'string',
            minLength: 1,
          },
          block: { type: 'integer', minimum: 0, maximum: 9007199254740991 },
          role: { type: 'string', minLength: 1 },
          score: { description: 'Mean over the batches.', type: 'number' },
          stderr: {
            description: 'Standard error of the mean; absent for a single batch.',
            type: 'number',
            minimum: 0,
          },
          measures: {
            description: 'All measures that were taken, by name.',
            type: 'object',
            additionalProperties: {
              type: 'object',
              required: ['mean'],
              properties: { mean: { type: 'number' }, stderr: { type: 'number', minimum: 0 } },
            },
          },
        },
      },
    },
  },
};

export const trainingStep: JsonSchema = {
  description: 'One step of a training run',
  type: 'object',
  required: ['step', 'loss'],
  properties: {
    step: {
      description: 'Counted from 1.',
      type: 'integer',
      minimum: 1,
      maximum: 9007199254740991,
    },
    epoch: {
      description: 'Passes over the data so far, in fractions.',
      type: 'number',
      minimum: 0,
    },
    loss: {
      description: "Mean over the step's targets, before the update, in nats.",
      type: 'number',
    },
    targets: {
      description:
        "Weights of the step's targets together: how many there are, where each counts in full.",
      type: 'number',
      exclusiveMinimum: 0,
    },
    learningRate: { type: 'number', minimum: 0 },
    tokensPerSecond: { type: 'number', minimum: 0 },
    evaluation: {
      description: 'What was measured after this step, e.g. `loss` on the validation split.',
      type: 'object',
      additionalProperties: { type: 'number' },
    },
  },
};

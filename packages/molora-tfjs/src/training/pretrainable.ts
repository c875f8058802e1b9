/** A decoder all of whose weights learn, from random ones: to train small models from scratch. */
import { encodeValues, type FloatDType, serializeSafetensors } from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { type DecoderConfig, hasMixture } from '../decoder/config.js';
import type { Decoder } from '../decoder/decoder.js';
import { decoderConfig } from '../decoder/families/index.js';
import { languageModelLoss } from '../decoder/loss.js';
import type { Norm } from '../decoder/norm.js';
import { createVariables } from '../decoder/variables.js';
import type { LearningLinear } from '../ops/learning-linear.js';
import { readTensor } from '../ops/webgpu.js';
import type { VariableGroups } from './adamw.js';
import { initialWeights, isGain } from './initial-weights.js';
import type { Trainable } from './trainable.js';

export interface PretrainableOptions {
  /** Of the initial weights. */
  readonly seed: number;
  /** Of the initial weights; config.json calls it `initializer_range`. @default 0.02 */
  readonly standardDeviation?: number;
}

export interface Pretrainable {
  /** Of the weights as they are: for `generate` and `logits`; changes as it is trained. */
  readonly decoder: Decoder;
  /** Variables have the names of a checkpoint. Weight decay leaves gains and biases alone. */
  readonly trainable: Trainable;
  /**
   * The weights as they are, as `model.safetensors` in pieces.
   * @param options.dtype @default 'F32'
   * @param options.metadata of the file
   */
  checkpoint(options?: {
    dtype?: FloatDType;
    metadata?: Readonly<Record<string, string>>;
  }): Promise<Uint8Array[]>;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * @param configJson the parsed config.json that the model is built by
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT`, `INVALID_CHECKPOINT`: see `decoderConfig`, and for a
 *   mixture of experts;
 *   `INVALID_OPTION` when another model of these variables is in memory
 */
export function pretrainable(
  configJson: unknown,
  { seed, standardDeviation = 0.02 }: PretrainableOptions,
): Pretrainable {
  const config = decoderConfig(configJson);
  if (hasMixture(config)) {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `config.json: model_type ${config.modelType} is a mixture of experts, whose experts and router stay frozen here; train a model without one from scratch`,
    );
  }
  if (config.norm.kind === 'layer') {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `config.json: model_type ${config.modelType} cannot be trained from scratch here: layer normalization does not learn`,
    );
  }
  const variables = createVariables(initialWeights(config, { seed, standardDeviation }));
  const dispose = (): void => tf.dispose(variables);
  const decoder = decoderOf(config, variables, dispose);
  return {
    decoder,
    trainable: {
      variables: Object.values(variables),
      groups: withoutDecay(Object.values(variables).filter(({ rank }) => rank === 1)),
      vocabularySize: config.vocabularySize,
      loss: (batch) => languageModelLoss(decoder, batch).loss,
    },
    async checkpoint({ dtype = 'F32', metadata } = {}) {
      const tensors = [];
      for (const [name, variable] of Object.entries(variables)) {
        // Backends may hand out their own memory.
        const offset = isGain(name) ? config.norm.offset : 0;
        const values = Float32Array.from(await readTensor(variable), (value) => value - offset);
        tensors.push({ name, dtype, shape: variable.shape, bytes: encodeValues(values, dtype) });
      }
      return serializeSafetensors({ tensors, ...(metadata && { metadata }) });
    },
    dispose,
  };
}

function withoutDecay(variables: readonly tf.Variable[]): VariableGroups {
  return Object.fromEntries(variables.map(({ name }) => [name, { weightDecay: 0 }]));
}

/** The weights where a decoder has them. */
function decoderOf(
  config: DecoderConfig,
  variables: Readonly<Record<string, tf.Variable>>,
  dispose: () => void,
): Decoder {
  const matrix = (name: string) => variables[`${name}.weight`] as tf.Variable<tf.Rank.R2>;
  const norm = ({ name }: { name: string }): Norm => ({
    gain: variables[`${name}.weight`] as tf.Variable<tf.Rank.R1>,
  });
  const linear = (name: string): LearningLinear => {
    const bias = variables[`${name}.bias`] as tf.Variable<tf.Rank.R1> | undefined;
    return { weight: matrix(name), ...(bias && { bias }) };
  };
  return {
    config,
    embeddings: matrix(config.names.embeddings),
    blocks: config.blocks.map(({ norms, projections }) => ({
      norms: Object.fromEntries(
        Object.entries(norms).map(([place, described]) => [place, norm(described)]),
      ),
      projections: Object.fromEntries(projections.map(({ name }) => [name, linear(name)])),
    })),
    norm: norm({ name: config.names.norm }),
    output: linear(config.tiedEmbeddings ? config.names.embeddings : config.names.output),
    dispose,
  };
}

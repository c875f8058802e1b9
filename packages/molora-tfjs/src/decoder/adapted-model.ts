/** A decoder with an adapter that learns: its tensors as variables, its loss for the trainer. */
import * as tf from '@tensorflow/tfjs';
import type { AdapterState } from '../adapters/adapter-spec.js';
import { isTrainable } from '../experts/parameters.js';
import { createRouter } from '../experts/routers/index.js';
import { valuesOf } from '../ops/values.js';
import type { VariableGroups } from '../training/adamw.js';
import type { LossOptions, Trainable } from '../training/trainable.js';
import { projectionsByBlock } from './adapter-of-block.js';
import type { Decoder } from './decoder.js';
import { type LanguageModelLossOptions, languageModelLoss } from './loss.js';
import { createVariables } from './variables.js';

export interface AdaptedModelOptions
  extends Pick<LanguageModelLossOptions, 'router' | 'routerLoss' | 'task' | 'onGates'> {
  /**
   * Recomputes each block in the backward pass: less memory, a quarter to two fifths more time.
   * @default false
   */
  readonly recompute?: boolean;
  /** Learning rates and weight decays of their own, by name of the variable. @default none */
  readonly groups?: VariableGroups | undefined;
}

export interface AdaptedModel {
  readonly decoder: Decoder;
  /** For `logits`, `generate` and `languageModelLoss`; changes as it is trained. */
  readonly adapter: {
    readonly spec: AdapterState['spec'];
    readonly tensors: Record<string, tf.Variable>;
  };
  readonly trainable: Trainable;
  /** The adapter as it is now. */
  state(): Promise<AdapterState>;
  /** Frees the adapter; the decoder stays. */
  dispose(): void;
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` when the adapter does not fit the model, or another adapted
 *   model with the same variables is in memory
 */
export function adaptedModel(
  decoder: Decoder,
  { spec, tensors }: AdapterState,
  { recompute = false, groups, ...options }: AdaptedModelOptions = {},
): AdaptedModel {
  projectionsByBlock(decoder, spec);
  const router = options.router ?? createRouter(spec.router);
  const variables = createVariables(tensors, (name) => isTrainable(name, router));
  const adapter = { spec, tensors: variables };
  const loss = (
    batch: Parameters<Trainable['loss']>[0],
    { seed, training }: LossOptions,
  ): tf.Scalar =>
    tf.tidy(() => {
      const { routerLoss, ...common } = { ...options, router };
      const { loss, auxiliary } = languageModelLoss(decoder, batch, {
        ...common,
        adapter,
        training,
        seed,
        recompute,
        ...(training && routerLoss && { routerLoss }),
      });
      return auxiliary ? loss.add<tf.Scalar>(auxiliary) : loss;
    });
  return {
    decoder,
    adapter,
    trainable: {
      variables: Object.values(variables).filter(({ trainable }) => trainable),
      ...(groups && { groups }),
      vocabularySize: decoder.config.vocabularySize,
      loss,
    },
    async state() {
      return { spec, tensors: await valuesOf(variables) };
    },
    dispose: () => tf.dispose(variables),
  };
}

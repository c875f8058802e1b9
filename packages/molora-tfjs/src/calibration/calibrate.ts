/**
 * Scores of projections from one pass over data: gradients are reduced to a few numbers where they
 * arise, one projection after the other, and none of them is kept. Memory is that of the model, of the
 * states between its blocks, and of the inside of one block.
 */
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import * as tf from '@tensorflow/tfjs';
import { hasMixture } from '../decoder/config.js';
import type { Decoder, DecoderBlock } from '../decoder/decoder.js';
import { embed } from '../decoder/forward.js';
import { languageModelLoss } from '../decoder/loss.js';
import { firstWithInputOf } from '../decoder/projections.js';
import { checkFinite } from '../ops/check-finite.js';
import { learns } from '../ops/linear.js';
import type { ObservedLinear } from '../ops/observed-linear.js';
import { prepareBackend } from '../ops/prepare-backend.js';
import { positionsWhere } from '../ops/select-rows.js';
import { readTensor } from '../ops/webgpu.js';
import { type TokenBatch, targetWeight } from '../training/trainable.js';
import { type CalibrationMeasure, isForward } from './measures.js';
import {
  type ObservationOptions,
  type ObservedProjection,
  observedProjection,
} from './observed.js';
import { sharedInputs } from './shared-inputs.js';

export interface CalibrationOptions extends ObservationOptions {
  /** Finds the singular values of `explained-variance`, once for all projections that share an input. */
  readonly engine?: SpectralEngine;
  readonly signal?: AbortSignal | undefined;
}

/** The numbers of one batch, of each projection in the order of {@link Calibrator.projections}. */
export type BatchScores = Readonly<Partial<Record<CalibrationMeasure, readonly number[]>>>;

export interface CalibratedProjection {
  /** Of the module, such as `model.layers.0.self_attn.q_proj`. */
  readonly name: string;
  readonly block: number;
  readonly role: string;
}

export interface Calibrator {
  readonly projections: readonly CalibratedProjection[];
  /**
   * @throws AlphaLoraError `ENGINE_FAILED` when numbers are not finite, or all gradients are zero, which
   *   is what a backend gives that computes nothing; `INVALID_OPTION` when no token of the batch is a
   *   target, or one is not in the vocabulary
   */
  measure(batch: TokenBatch): Promise<BatchScores>;
  /** Frees what was made beside the decoder. */
  dispose(): void;
}

/**
 * Prepares a model; the decoder stays the caller's.
 *
 *     const calibrator = await createCalibrator(decoder, { measures: ['gradient'], rank: 8, seed: 0 });
 *     const { gradient } = await calibrator.measure(tokenBatch(sequences));
 *
 * @throws AlphaLoraError `INVALID_OPTION` when a weight of the decoder learns, or `explained-variance` is
 *   asked for without an engine; `UNSUPPORTED_CHECKPOINT` for measures of inputs in a mixture of experts,
 *   of which each takes tokens of its own
 */
export async function createCalibrator(
  decoder: Decoder,
  options: CalibrationOptions,
): Promise<Calibrator> {
  const { measures, engine, signal } = options;
  const explains = measures.includes('explained-variance');
  if (explains && !engine) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'explained-variance needs an `engine`, which finds the singular values of the inputs',
    );
  }
  const forward = measures.find(isForward);
  if (forward && hasMixture(decoder.config)) {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `${forward} compares inputs, and the experts of a mixture take each their own tokens: measure gradient, sensitivity, fisher or residual`,
      { details: { measure: forward } },
    );
  }
  prepareBackend();
  const backward = !measures.every(isForward);
  const listed: CalibratedProjection[] = [];
  const observed: ObservedProjection[] = [];
  const inputs = explains ? sharedInputs(engine!, options.rank) : undefined;
  const dispose = (): void => {
    inputs?.clear();
    for (const projection of observed) projection.dispose();
  };
  try {
    const blocks: DecoderBlock[] = [];
    for (const [block, own] of decoder.blocks.entries()) {
      const described = decoder.config.blocks[block]!;
      const projections: Record<string, ObservedLinear> = {};
      for (const one of described.projections) {
        const { name, role } = one;
        const weight = own.projections[name]!;
        if (learns(weight)) {
          throw new AlphaLoraError('INVALID_OPTION', `${name} learns: load a model that is frozen`);
        }
        const owner = firstWithInputOf(described, one).name;
        const input = inputs && { inputs, owner };
        const projection = await observedProjection(name, weight, options, input);
        observed.push(projection);
        listed.push({ name, block, role });
        projections[name] = projection.map;
      }
      blocks.push({ ...own, projections });
    }
    const watched: Decoder = { ...decoder, blocks };
    return { projections: listed, measure: (batch) => measureBatch(watched, batch), dispose };
  } catch (error) {
    dispose();
    throw error;
  }

  async function measureBatch(watched: Decoder, batch: TokenBatch): Promise<BatchScores> {
    if (targetWeight(batch) === 0) {
      throw new AlphaLoraError(
        'INVALID_OPTION',
        'no token of this batch is a target: every weight after the first token is zero',
      );
    }
    const { rows, length, lengths } = batch;
    const tokens = positionsWhere(
      rows * length,
      (position) => position % length < lengths[Math.floor(position / length)]!,
    );
    for (const projection of observed) projection.tokens = tokens;
    const loss = backward
      ? pass(watched, batch)
      : tf.tidy(() => languageModelLoss(watched, batch).loss);
    const values = await readTensor(loss).finally(() => loss.dispose());
    checkFinite(values, 'the loss of a batch');
    const taken = [];
    try {
      for (const projection of observed) {
        signal?.throwIfAborted();
        taken.push(await projection.take(signal));
      }
    } finally {
      inputs?.clear();
    }
    const scores: Partial<Record<CalibrationMeasure, readonly number[]>> = {};
    for (const measure of measures) {
      const own = taken.map((each) => each[measure]!);
      checkFinite(own, `the ${measure} of a batch`);
      if (!isForward(measure) && own.every((value) => value === 0)) throw withoutGradient(measure);
      scores[measure] = own;
    }
    return scores;
  }
}

/** Forward and back, with the inside of one block at a time in memory. @returns the loss */
function pass(decoder: Decoder, batch: TokenBatch): tf.Scalar {
  return tf.tidy(() => {
    const ids = tf.tensor2d(batch.ids, [batch.rows, batch.length], 'int32');
    // What the first block takes stands before all projections, and its gradient is small.
    const { value } = tf.valueAndGrad((embedded) => {
      const options = { recompute: true, embedded: embedded as tf.Tensor2D };
      return languageModelLoss(decoder, batch, options).loss;
    })(embed(decoder, ids));
    return value as tf.Scalar;
  });
}

function withoutGradient(measure: CalibrationMeasure): AlphaLoraError {
  return new AlphaLoraError(
    'ENGINE_FAILED',
    `${measure} is exactly 0 for all projections: the backend computes zeros, or the model predicts every target without doubt; take another backend, or other data`,
    { details: { ...defined({ backend: tf.getBackend() }) } },
  );
}

/**
 * Numbers that a step cannot have, by which a run ends before the step is applied.
 *
 * Besides NaN and infinity they are a loss or a gradient norm of exactly 0. A cross-entropy is 0 where
 * every target has a probability that float32 rounds to 1, and the gradient of what reaches the loss
 * where that is so too; else zeros are what a backend returns that computed nothing, or mean that
 * nothing of what trains has a say in the loss. A run that has learned everything to the last bit ends
 * here as well: its last checkpoint has what there was to learn.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type { TensorValues } from '../adapters/adapter-spec.js';
import { allFinite } from '../ops/check-finite.js';
import { isAtChance } from './chance.js';

export interface StepNumbers {
  /** Steps done before this one. */
  readonly step: number;
  readonly loss: number;
  /** Global norm of the gradients of the loss. Callbacks may hold all of them back, and are free to. */
  readonly foundNorm: number;
  /** Global norm of what the callbacks made of them. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Tells a model that was flattened from one that nothing reaches. */
  readonly vocabularySize?: number | undefined;
}

/** @throws AlphaLoraError `TRAINING_FAILED` */
export function checkStep({
  step,
  loss,
  foundNorm,
  gradientNorm,
  learningRate,
  vocabularySize,
}: StepNumbers): void {
  const norm = Number.isFinite(foundNorm) ? gradientNorm : foundNorm;
  if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
    const reason =
      step === 0
        ? 'nothing was trained yet, so that the weights, the adapter or the backend are at fault; check the model, or take another backend'
        : `the run diverged at learning rate ${learningRate}; train with a lower learning rate or a longer warm-up`;
    throw failed(`step ${step + 1} has loss ${loss} and gradient norm ${norm}: ${reason}`);
  }
  if (foundNorm === 0 && step > 0 && vocabularySize && isAtChance(loss, vocabularySize)) {
    throw failed(
      `step ${step + 1} has loss ${loss}, no lower than at chance (ln ${vocabularySize}), and gradient norm 0: learning rate ${learningRate} has flattened the model, which cannot learn any more; train with a lower learning rate`,
    );
  }
  if (loss === 0 || foundNorm === 0) {
    const learned = step === 0 ? '' : ', or the run has learned all there is; train fewer steps';
    throw failed(
      `step ${step + 1} has loss ${loss} and gradient norm ${foundNorm}, and exactly 0 means that nothing is learned: what trains has no effect on the loss, or the backend computes zeros; check the adapter, or take another backend${learned}`,
    );
  }

  function failed(message: string): AlphaLoraError {
    const details = { step: step + 1, loss, gradientNorm: norm };
    return new AlphaLoraError('TRAINING_FAILED', message, { details });
  }
}

/**
 * An update can overflow where loss and gradients did not, and after the last one no other step sees it.
 *
 * @param step steps done
 * @throws AlphaLoraError `TRAINING_FAILED`
 */
export function checkWeights(step: number, tensors: Readonly<Record<string, TensorValues>>): void {
  for (const [name, { values }] of Object.entries(tensors)) {
    if (allFinite(values)) continue;
    throw new AlphaLoraError(
      'TRAINING_FAILED',
      `after step ${step} ${name} has NaN or infinity: the run diverged; train with a lower learning rate or a longer warm-up`,
      { details: { step, tensor: name } },
    );
  }
}

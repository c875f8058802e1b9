/**
 * The gate of MoLE (arXiv 2404.13628) over LoRAs that were trained before and stay frozen: it looks
 * at what the experts answer. With E_i(x) the output of expert i, per token,
 *
 *     logits = concat_i(E_i(x)) / |concat_i(E_i(x))| . e,   gates = softmax(logits / tau)
 *
 * with e and the temperature tau learned. The paper flattens a whole sequence of fixed length into
 * one gate; here a token is its own sequence, so that texts of any length can be gated. At inference
 * any expert can be masked: the weights of the others are rescaled to sum to 1.
 *
 * The experts' outputs are never formed: E_i(x) . e_i is `h_i (B_i e_i)` and the squared norm is
 * `sum_i h_i (B_i B_i^T) h_i^T`, both products over ranks instead of outputs.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import * as v from 'valibot';
import type { AdaptedProjection } from '../../adapters/adapter-spec.js';
import { matMul } from '../../ops/mat-mul.js';
import { maskedSoftmax } from './mask.js';
import type { RouterFactory } from './router.js';

/** Keeps the norm's gradient finite where all experts answer zero. */
const TINY = 1e-12;

interface MoleOptions {
  /** Indices of the experts that get no weight. */
  masked: readonly number[];
}

/**
 * Tensors: `<projection>.router` [outputs, experts * experts], for each expert the part of e that its
 * output meets; `<projection>.router.temperature` [1].
 */
export const mole: RouterFactory<MoleOptions> = {
  name: 'mole',
  options: v.strictObject({
    masked: v.optional(
      v.custom<readonly number[]>(
        (value) => Array.isArray(value) && value.every((i) => Number.isInteger(i) && i >= 0),
        'give the indices of experts in a list, from 0',
      ),
      [],
    ),
  }),
  create: ({ masked }) => ({
    name: 'mole',
    trainsExperts: false,
    tensors({ name, outputs, ranks: { length: experts } }) {
      if (Array.from({ length: experts }, (_, i) => i).every((i) => masked.includes(i))) {
        throw new AlphaLoraError(
          'INVALID_OPTION',
          `router mole, option masked: it leaves no expert of ${name}; mask fewer`,
          { details: { router: 'mole', option: 'masked' } },
        );
      }
      const shape = [outputs, experts ** 2];
      return [
        { suffix: '', shape, initial: { fanIn: experts * outputs } },
        { suffix: '.temperature', shape: [1], initial: 1 },
      ];
    },
    route({ hidden, projection, tensors }) {
      const experts = projection.ranks.length;
      const b = tensors[`${projection.name}.lora_B`] as tf.Tensor2D;
      const gate = tensors[`${projection.name}.router`] as tf.Tensor2D;
      const owners = ownership(projection);
      const scaled = tf.mul<tf.Tensor2D>(hidden, rowOfScalings(projection));
      const columns = b.shape[0];
      // [ranks, experts]: each rank's row of B against its own expert's part of e.
      const meetings = tf.reshape(matMul(b, gate), [columns, experts, experts]);
      const gateOfRanks = tf.sum<tf.Tensor2D>(tf.mul(meetings, owners.expandDims(2)), 1);
      const sameExpert = tf.matMul(owners, owners, false, true);
      const gram = tf.mul<tf.Tensor2D>(matMul(b, tf.transpose(b)), sameExpert);
      const squaredNorm = tf.sum(tf.mul(matMul(scaled, gram), scaled), 1, true);
      const logits = tf.div<tf.Tensor2D>(
        matMul(scaled, gateOfRanks),
        tf.sqrt(tf.add(tf.relu(squaredNorm), TINY)),
      );
      const sharpened = tf.div<tf.Tensor2D>(
        logits,
        tensors[`${projection.name}.router.temperature`]!,
      );
      const probabilities = tf.softmax(sharpened);
      if (masked.length === 0) return { logits, probabilities, gates: probabilities };
      const open = Array.from({ length: experts }, (_, i) => (masked.includes(i) ? 0 : 1));
      const mask = tf.tile(tf.tensor2d([open]), [logits.shape[0], 1]);
      return { logits, probabilities, gates: maskedSoftmax(sharpened, mask) };
    },
  }),
};

/** [sum of ranks, experts]: 1 where the rank belongs to the expert. */
function ownership({ ranks }: AdaptedProjection): tf.Tensor2D {
  return tf.tensor2d(
    ranks.flatMap((rank, expert) =>
      Array.from({ length: rank }, () => ranks.map((_, other) => (other === expert ? 1 : 0))),
    ),
  );
}

/** [1, sum of ranks] */
function rowOfScalings({ ranks, scalings }: AdaptedProjection): tf.Tensor2D {
  return tf.tensor2d([
    ranks.flatMap((rank, expert) => Array.from({ length: rank }, () => scalings[expert]!)),
  ]);
}

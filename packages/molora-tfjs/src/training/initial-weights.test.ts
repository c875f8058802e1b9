import { describe, expect, it } from 'vitest';
import { decoderConfig } from '../decoder/families/index.js';
import { initialWeights } from './initial-weights.js';

const config = decoderConfig({
  model_type: 'llama',
  hidden_size: 64,
  intermediate_size: 160,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  vocab_size: 200,
  max_position_embeddings: 32,
  tie_word_embeddings: true,
});
const weights = initialWeights(config, { seed: 1, standardDeviation: 0.05 });

/** Mean, standard deviation and fourth moment over the square of the variance (3 for a normal). */
function moments(values: Float32Array): [mean: number, deviation: number, kurtosis: number] {
  const about = (centre: number, power: number): number =>
    values.reduce((sum, value) => sum + (value - centre) ** power, 0) / values.length;
  const mean = about(0, 1);
  const variance = about(mean, 2);
  return [mean, Math.sqrt(variance), about(mean, 4) / variance ** 2];
}

describe('the weights to start from', () => {
  it('have the names and shapes of a checkpoint', () => {
    // Two blocks of seven projections and two gains, embeddings, the last gain; no output layer.
    expect(Object.keys(weights)).toHaveLength(2 * 9 + 2);
    expect(weights['model.layers.1.mlp.down_proj.weight']!.shape).toEqual([64, 160]);
    expect(weights['model.embed_tokens.weight']!.shape).toEqual([200, 64]);
    expect(new Set(weights['model.norm.weight']!.values)).toEqual(new Set([1]));
  });

  it('are normal, and smaller by the root of 4 where two blocks add to the hidden state', () => {
    const expected = {
      'model.embed_tokens.weight': 0.05,
      'model.layers.0.mlp.gate_proj.weight': 0.05,
      'model.layers.1.self_attn.o_proj.weight': 0.025,
      'model.layers.1.mlp.down_proj.weight': 0.025,
    };
    for (const [name, deviation] of Object.entries(expected)) {
      const { values } = weights[name]!;
      const [mean, found, kurtosis] = moments(values);
      // Five standard errors of each.
      const error = 5 / Math.sqrt(values.length);
      expect(Math.abs(mean / deviation), name).toBeLessThan(error);
      expect(Math.abs(found / deviation - 1), name).toBeLessThan(error / Math.SQRT2);
      expect(Math.abs(kurtosis - 3), name).toBeLessThan(error * Math.sqrt(24));
    }
  });

  it('follow from the seed, each tensor with numbers of its own', () => {
    const again = initialWeights(config, { seed: 1, standardDeviation: 0.05 });
    expect(again).toEqual(weights);
    const other = initialWeights(config, { seed: 2, standardDeviation: 0.05 });
    const [gate, up] = ['gate', 'up'].map((name) => `model.layers.0.mlp.${name}_proj.weight`);
    expect(other[gate!]!.values).not.toEqual(weights[gate!]!.values);
    expect(weights[up!]!.values).not.toEqual(weights[gate!]!.values);
  });
});

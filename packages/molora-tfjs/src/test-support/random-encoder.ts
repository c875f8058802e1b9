/**
 * A small BERT with random weights as a checkpoint in memory, and its hidden states again as loops over single
 * numbers in float64, with nothing of the code under test.
 */
import {
  type Checkpoint,
  encodeValues,
  memorySource,
  readCheckpoint,
  serializeSafetensors,
} from '@alphalora/checkpoint';
import { seededRandom } from '@alphalora/contracts/numbers';

export const encoderShape = {
  model_type: 'bert',
  hidden_size: 12,
  intermediate_size: 20,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  vocab_size: 17,
  max_position_embeddings: 10,
  type_vocab_size: 2,
  layer_norm_eps: 1e-5,
  hidden_act: 'gelu',
};

type Weights = Map<string, { shape: number[]; values: Float32Array }>;

export function randomEncoderWeights(): Weights {
  const weights: Weights = new Map();
  const add = (name: string, ...shape: number[]): void => {
    const random = seededRandom(5, name);
    const size = shape.reduce((product, length) => product * length, 1);
    const gain = /LayerNorm.weight$/.test(name) ? 1 : 0;
    const values = Float32Array.from({ length: size }, () => gain + 1.4 * (random() - 0.5));
    weights.set(name, { shape, values });
  };
  const { hidden_size: hidden, intermediate_size: wide } = encoderShape;
  const norm = (name: string): void => {
    add(`${name}.LayerNorm.weight`, hidden);
    add(`${name}.LayerNorm.bias`, hidden);
  };
  const linear = (name: string, outputs: number, inputs: number): void => {
    add(`${name}.weight`, outputs, inputs);
    add(`${name}.bias`, outputs);
  };
  add('embeddings.word_embeddings.weight', encoderShape.vocab_size, hidden);
  add('embeddings.position_embeddings.weight', encoderShape.max_position_embeddings, hidden);
  add('embeddings.token_type_embeddings.weight', encoderShape.type_vocab_size, hidden);
  norm('embeddings');
  for (let block = 0; block < encoderShape.num_hidden_layers; block++) {
    const name = `encoder.layer.${block}`;
    for (const part of ['query', 'key', 'value'])
      linear(`${name}.attention.self.${part}`, hidden, hidden);
    linear(`${name}.attention.output.dense`, hidden, hidden);
    norm(`${name}.attention.output`);
    linear(`${name}.intermediate.dense`, wide, hidden);
    linear(`${name}.output.dense`, hidden, wide);
    norm(`${name}.output`);
  }
  return weights;
}

export async function encoderCheckpoint(
  weights: Weights,
  config: Record<string, unknown> = encoderShape,
): Promise<Checkpoint> {
  const tensors = [...weights].map(([name, { shape, values }]) => ({
    ...{ name, dtype: 'F32' as const, shape },
    bytes: encodeValues(values, 'F32'),
  }));
  const bytes = async (parts: readonly BlobPart[]): Promise<Uint8Array> =>
    new Uint8Array(await new Blob([...parts]).arrayBuffer());
  const file = await bytes(serializeSafetensors({ tensors }) as BlobPart[]);
  return readCheckpoint({
    files: [memorySource(file, 'model.safetensors')],
    config: memorySource(await bytes([JSON.stringify(config)]), 'config.json'),
  });
}

/** @returns hidden states [position][component] of one text */
export function referenceStates(
  weights: Weights,
  ids: readonly number[],
  activation: (x: number) => number,
): number[][] {
  const { hidden_size: size, num_attention_heads: heads } = encoderShape;
  const values = (name: string): Float32Array => weights.get(name)!.values;
  const row = (table: string, index: number): number[] => [
    ...values(`embeddings.${table}.weight`).subarray(index * size, (index + 1) * size),
  ];
  const add = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((ai, i) => ai + b[i]!);
  const linear = (name: string, x: readonly number[]): number[] =>
    [...values(`${name}.bias`)].map((bias, o) =>
      x.reduce((sum, xi, i) => sum + xi * values(`${name}.weight`)[o * x.length + i]!, bias),
    );
  const norm = (name: string, x: readonly number[]): number[] => {
    const mean = x.reduce((sum, xi) => sum + xi, 0) / size;
    const variance = x.reduce((sum, xi) => sum + (xi - mean) ** 2, 0) / size;
    const [gain, bias] = [values(`${name}.LayerNorm.weight`), values(`${name}.LayerNorm.bias`)];
    return x.map(
      (xi, i) =>
        ((xi - mean) / Math.sqrt(variance + encoderShape.layer_norm_eps)) * gain[i]! + bias[i]!,
    );
  };
  let states = ids.map((id, position) =>
    norm(
      'embeddings',
      add(
        add(row('word_embeddings', id), row('position_embeddings', position)),
        row('token_type_embeddings', 0),
      ),
    ),
  );
  for (let block = 0; block < encoderShape.num_hidden_layers; block++) {
    const name = `encoder.layer.${block}`;
    const [q, k, v] = ['query', 'key', 'value'].map((part) =>
      states.map((x) => linear(`${name}.attention.self.${part}`, x)),
    ) as [number[][], number[][], number[][]];
    const headSize = size / heads;
    states = states.map((x, query) => {
      const attended = Array.from({ length: heads }, (_, head) => {
        const part = (y: readonly number[]): number[] =>
          y.slice(head * headSize, (head + 1) * headSize);
        const scores = k.map((key) =>
          Math.exp(
            part(q[query]!).reduce((sum, qi, i) => sum + qi * part(key)[i]!, 0) /
              Math.sqrt(headSize),
          ),
        );
        const total = scores.reduce((sum, score) => sum + score, 0);
        return Array.from({ length: headSize }, (_, i) =>
          v.reduce((sum, value, at) => sum + (scores[at]! / total) * part(value)[i]!, 0),
        );
      });
      return norm(
        `${name}.attention.output`,
        add(x, linear(`${name}.attention.output.dense`, attended.flat())),
      );
    });
    states = states.map((x) => {
      const wide = linear(`${name}.intermediate.dense`, x).map(activation);
      return norm(`${name}.output`, add(x, linear(`${name}.output.dense`, wide)));
    });
  }
  return states;
}

/**
 * The decoders again, as loops over single numbers in float64, with nothing of the code under test:
 * token by token and head by head, from the published descriptions. What a model family does
 * differently is a parameter here, given by each test.
 */
import type { RandomDecoder, Shape } from './random-decoder.js';

export interface ReferenceOptions {
  /** Gain of a normalisation by its stored number. @default itself */
  gain?: (stored: number) => number;
  activation: (x: number) => number;
  embeddingScale?: number;
  /** Angle by which a token turns the pair `pair` of a head. */
  angle: (position: number, pair: number) => number;
  /** Experts of Mixtral that a token goes to, where there are some. */
  perToken?: number;
  /** Whether a query of a block sees a key. @default every earlier one */
  sees?: (query: number, key: number, block: number) => boolean;
}

/** @returns logits [position][token] */
export function referenceLogits(
  { weights, config }: Pick<RandomDecoder, 'weights' | 'config'>,
  ids: readonly number[],
  options: ReferenceOptions,
): number[][] {
  const shape = config as unknown as Shape;
  const { gain = (stored) => stored, embeddingScale = 1, sees = () => true } = options;
  const values = (name: string): Float32Array | Float64Array | undefined =>
    weights.get(name)?.values;
  const linear = (name: string, x: readonly number[]): number[] => {
    const weight = values(`${name}.weight`)!;
    const bias = values(`${name}.bias`);
    return Array.from({ length: weight.length / x.length }, (_, o) =>
      x.reduce((sum, xi, i) => sum + xi * weight[o * x.length + i]!, bias?.[o] ?? 0),
    );
  };
  const norm = (name: string, x: readonly number[]): number[] => {
    const stored = values(`${name}.weight`)!;
    const square = x.reduce((sum, xi) => sum + xi * xi, 0) / x.length;
    const epsilon = config['rms_norm_eps'] as number;
    return x.map((xi, i) => (xi / Math.sqrt(square + epsilon)) * gain(stored[i]!));
  };
  const size = shape.head_dim;
  const turn = (head: readonly number[], position: number): number[] =>
    head.map((x, i) => {
      const angle = options.angle(position, i % (size / 2));
      const other = i < size / 2 ? -head[i + size / 2]! : head[i - size / 2]!;
      return x * Math.cos(angle) + other * Math.sin(angle);
    });
  const headOf = (x: readonly number[], head: number): number[] =>
    x.slice(head * size, (head + 1) * size);
  const perGroup = shape.num_attention_heads / shape.num_key_value_heads;
  const add = (a: readonly number[], b: readonly number[]): number[] =>
    a.map((ai, i) => ai + b[i]!);

  const table = values('model.embed_tokens.weight')!;
  const hiddenSize = shape.hidden_size;
  let states = ids.map((id) =>
    Array.from(table.subarray(id * hiddenSize, (id + 1) * hiddenSize), (x) => x * embeddingScale),
  );
  for (let block = 0; block < shape.num_hidden_layers; block++) {
    const name = (part: string): string => `model.layers.${block}.${part}`;
    const normed = states.map((x) => norm(name('input_layernorm'), x));
    const [q, k, v] = ['q', 'k', 'v'].map((part) =>
      normed.map((x) => linear(name(`self_attn.${part}_proj`), x)),
    ) as [number[][], number[][], number[][]];
    states = states.map((x, query) => {
      const attended = Array.from({ length: shape.num_attention_heads }, (_, head) => {
        const group = Math.floor(head / perGroup);
        const turned = turn(headOf(q[query]!, head), query);
        const keys = ids
          .map((_, key) => key)
          .filter((key) => key <= query && sees(query, key, block));
        const scores = keys.map((key) => {
          const against = turn(headOf(k[key]!, group), key);
          return Math.exp(turned.reduce((sum, t, i) => sum + t * against[i]!, 0) / Math.sqrt(size));
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        return Array.from({ length: size }, (_, i) =>
          keys.reduce(
            (sum, key, at) => sum + (scores[at]! / total) * headOf(v[key]!, group)[i]!,
            0,
          ),
        );
      });
      return add(x, linear(name('self_attn.o_proj'), attended.flat()));
    });
    states = states.map((x) => {
      const normed = norm(name('post_attention_layernorm'), x);
      const unit = (gate: string, up: string, down: string): number[] => {
        const others = linear(name(up), normed);
        const gated = linear(name(gate), normed).map((g, i) => options.activation(g) * others[i]!);
        return linear(name(down), gated);
      };
      if (!options.perToken) return add(x, unit('mlp.gate_proj', 'mlp.up_proj', 'mlp.down_proj'));
      const chosen = linear(name('block_sparse_moe.gate'), normed)
        .map((logit, expert) => ({ expert, weight: Math.exp(logit) }))
        .sort((a, b) => b.weight - a.weight)
        .slice(0, options.perToken);
      const total = chosen.reduce((sum, { weight }) => sum + weight, 0);
      return chosen.reduce((state, { expert, weight }) => {
        const [w1, w2, w3] = ['w1', 'w2', 'w3'].map(
          (own) => `block_sparse_moe.experts.${expert}.${own}`,
        ) as [string, string, string];
        return add(
          state,
          unit(w1, w3, w2).map((y) => (y * weight) / total),
        );
      }, x);
    });
  }
  const output = values('lm_head.weight') ? 'lm_head' : 'model.embed_tokens';
  return states.map((x) => linear(output, norm('model.norm', x)));
}

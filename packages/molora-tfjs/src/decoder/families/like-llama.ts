/**
 * The architecture that most families share: Llama's names and shapes, root mean square norms, gated
 * feed-forward layers, rotary positions. What a family has of its own, it says as {@link Differences}.
 */
import { defined } from '@alphalora/contracts';
import type {
  AttentionConfig,
  BlockConfig,
  DecoderConfig,
  FeedForwardConfig,
  NormDescription,
  NormPlace,
  ProjectionConfig,
  ProjectionPart,
  RopeConfig,
} from '../config.js';
import {
  activationOf,
  type CommonSettings,
  invalid,
  ropeOf,
  type SpecialTokens,
} from './settings.js';

/** Each is as in Llama where a family does not say it. */
export interface Differences {
  readonly biases?: {
    readonly queryKeyValue?: boolean;
    readonly output?: boolean;
    readonly feedForward?: boolean;
  };
  /** Where config.json has none. @default the hidden size by the number of heads */
  readonly headSize?: number;
  /** Where config.json has none. @default false */
  readonly tiedEmbeddings?: boolean;
  /** @default the hidden_act of config.json, or silu */
  readonly activation?: string;
  readonly normOffset?: 0 | 1;
  readonly embeddingScale?: number;
  /** Positions of a block, or none. @default those of config.json */
  readonly rope?: (block: number) => RopeConfig | undefined;
  /** Tokens that a block attends to. @default all */
  readonly window?: (block: number) => number | undefined;
  /** Of a block that is another than a gated linear unit of the modules `mlp`. */
  readonly feedForward?: (block: number) => FeedForward | undefined;
  /** Modules within a block. @default before attention and before the feed-forward layer */
  readonly norms?: Readonly<Partial<Record<NormPlace, string>>>;
  /** Queries and keys are normalised: those of each head, or of all together. */
  readonly headNorms?: 'each' | 'all';
  /** Queries, keys and values are one projection, and gate and up another. */
  readonly fused?: boolean;
  /** @default the root of the head size divides, and nothing is capped */
  readonly attention?: AttentionConfig;
  readonly logitCap?: number;
}

export interface FeedForward {
  readonly config: FeedForwardConfig;
  readonly projections: readonly ProjectionConfig[];
}

/** Modules within a block, and how many numbers they normalise together. */
type NormMap = Partial<Record<NormPlace, readonly [module: string, size: number]>>;

/** A linear map within a block. */
type Map = readonly [
  module: string,
  inputs: number,
  outputs: number,
  bias: boolean,
  ...parts: ProjectionPart[],
];

/** @throws AlphaLoraError as `decoderConfig` */
export function likeLlama(settings: CommonSettings, differences: Differences = {}): DecoderConfig {
  const { hidden_size: hiddenSize, intermediate_size: intermediateSize } = settings;
  const { normOffset = 0, embeddingScale = 1, tiedEmbeddings = false } = differences;
  const { heads, keyValueHeads, headSize } = headsOf(settings, differences.headSize);
  const common = differences.rope ? undefined : ropeOf(settings);
  const rope = differences.rope ?? (() => common);
  const activation = activationOf(differences.activation ?? settings.hidden_act ?? 'silu');
  const { queryKeyValue = false, output = false, feedForward = false } = differences.biases ?? {};
  const [queries, keys] = [heads * headSize, keyValueHeads * headSize];
  const qkv: Map[] = differences.fused
    ? [
        [
          'self_attn.qkv_proj',
          hiddenSize,
          queries + 2 * keys,
          queryKeyValue,
          'query',
          'key',
          'value',
        ],
      ]
    : [
        ['self_attn.q_proj', hiddenSize, queries, queryKeyValue, 'query'],
        ['self_attn.k_proj', hiddenSize, keys, queryKeyValue, 'key'],
        ['self_attn.v_proj', hiddenSize, keys, queryKeyValue, 'value'],
      ];
  const ofAttention: Map[] = [
    ...qkv,
    ['self_attn.o_proj', queries, hiddenSize, output, 'attention'],
  ];
  const gateUp: Map[] = differences.fused
    ? [['mlp.gate_up_proj', hiddenSize, 2 * intermediateSize, feedForward, 'gate', 'up']]
    : [
        ['mlp.gate_proj', hiddenSize, intermediateSize, feedForward, 'gate'],
        ['mlp.up_proj', hiddenSize, intermediateSize, feedForward, 'up'],
      ];
  const gated: Map[] = [
    ...gateUp,
    ['mlp.down_proj', intermediateSize, hiddenSize, feedForward, 'down'],
  ];
  const { headNorms } = differences;
  const ofHeads: NormMap = headNorms
    ? {
        queries: ['self_attn.q_norm', headNorms === 'each' ? headSize : queries],
        keys: ['self_attn.k_norm', headNorms === 'each' ? headSize : keys],
      }
    : {};
  const norms = differences.norms ?? {
    beforeAttention: 'input_layernorm',
    beforeFeedForward: 'post_attention_layernorm',
  };
  const ofStates: NormMap = Object.fromEntries(
    Object.entries(norms).map(([place, module]) => [place, [module, hiddenSize]]),
  );
  const block = (index: number): BlockConfig => {
    const name = `model.layers.${index}`;
    const positions = rope(index);
    const window = differences.window?.(index);
    const further = differences.feedForward?.(index) ?? {
      config: { kind: 'gated', activation },
      projections: gated.map((map) => projection(name, map)),
    };
    return {
      name,
      norms: Object.fromEntries(
        Object.entries({ ...ofStates, ...ofHeads }).map(([place, [module, size]]) => [
          place,
          { name: `${name}.${module}`, size } satisfies NormDescription,
        ]),
      ),
      projections: [...ofAttention.map((map) => projection(name, map)), ...further.projections],
      feedForward: further.config,
      ...(positions && { rope: positions }),
      ...(window !== undefined && { window }),
    };
  };
  return {
    modelType: settings.model_type,
    hiddenSize,
    intermediateSize,
    heads,
    keyValueHeads,
    headSize,
    vocabularySize: settings.vocab_size,
    maxPositions: settings.max_position_embeddings,
    norm: { kind: 'rms', epsilon: settings.rms_norm_eps, offset: normOffset },
    embeddingScale,
    attention: differences.attention ?? { scale: headSize ** -0.5 },
    blocks: Array.from({ length: settings.num_hidden_layers }, (_, index) => block(index)),
    names: { embeddings: 'model.embed_tokens', norm: 'model.norm', output: 'lm_head' },
    ...defined({ logitCap: differences.logitCap }),
    tiedEmbeddings: settings.tie_word_embeddings ?? tiedEmbeddings,
    ...tokensOf(settings),
  };
}

function projection(
  block: string,
  [module, inputs, outputs, bias, ...parts]: Map,
): ProjectionConfig {
  const role = module.slice(module.lastIndexOf('.') + 1);
  return { name: `${block}.${module}`, role, inputs, outputs, bias, parts };
}

export function headsOf(
  settings: CommonSettings,
  usual?: number,
): Pick<DecoderConfig, 'heads' | 'keyValueHeads' | 'headSize'> {
  const heads = settings.num_attention_heads;
  const keyValueHeads = settings.num_key_value_heads ?? heads;
  const headSize = settings.head_dim ?? usual ?? settings.hidden_size / heads;
  if (heads % keyValueHeads === 0 && Number.isInteger(headSize) && headSize % 2 === 0) {
    return { heads, keyValueHeads, headSize };
  }
  throw invalid(
    `${heads} heads of size ${headSize} with ${keyValueHeads} for keys and values: heads must be a multiple of those, and their size even`,
  );
}

export function tokensOf({
  bos_token_id,
  eos_token_id,
}: SpecialTokens): Pick<DecoderConfig, 'beginToken' | 'endTokens'> {
  return {
    ...(typeof bos_token_id === 'number' && { beginToken: bos_token_id }),
    endTokens: [eos_token_id ?? []].flat(),
  };
}

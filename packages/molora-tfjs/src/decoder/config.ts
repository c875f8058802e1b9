/**
 * What a decoder is built like: plain data that says, block by block, which normalisations, projections and
 * positions there are, and under which names. The families of models (`families/`) make it of a config.json;
 * everything else in this package follows it and knows no family.
 */
export interface DecoderConfig {
  readonly modelType: string;
  readonly hiddenSize: number;
  /** Width of the feed-forward layer. */
  readonly intermediateSize: number;
  /** Query heads; a multiple of `keyValueHeads`. */
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly vocabularySize: number;
  /** Positions that the model was trained for. */
  readonly maxPositions: number;
  readonly norm: NormConfig;
  /** Factor of the embeddings: the root of the hidden size for Gemma. */
  readonly embeddingScale: number;
  readonly attention: AttentionConfig;
  readonly blocks: readonly BlockConfig[];
  /** Modules outside of the blocks. */
  readonly names: {
    readonly embeddings: string;
    /** Vectors that are added to those of the tokens, by position; absent where positions are rotations. */
    readonly positions?: string;
    /** The last normalisation. */
    readonly norm: string;
    readonly output: string;
  };
  /** What no logit exceeds, see `ops/soft-cap.ts`. */
  readonly logitCap?: number;
  /** Whether the output layer is the embedding. */
  readonly tiedEmbeddings: boolean;
  readonly beginToken?: number;
  /** Tokens that end a text; several models have more than one. */
  readonly endTokens: readonly number[];
  /** What people should know of the files, in a sentence. */
  readonly note?: string;
}

/** How all normalisations of a model work. */
export interface NormConfig {
  /** By the root of the mean square, or by mean and variance, with a bias. */
  readonly kind: 'rms' | 'layer';
  /** Added to the mean square, or the variance. */
  readonly epsilon: number;
  /** Added to the stored gains: 1 for Gemma, which stores them as differences from 1. */
  readonly offset: 0 | 1;
}

export interface AttentionConfig {
  /** Factor of the products of queries and keys: 1 / sqrt(head size) for most. */
  readonly scale: number;
  /** What no such product exceeds, see `ops/soft-cap.ts`. */
  readonly softCap?: number;
}

export interface BlockConfig {
  /** Of its module: `model.layers.0`. */
  readonly name: string;
  readonly norms: Readonly<Partial<Record<NormPlace, NormDescription>>>;
  /** In the order in which they are computed. */
  readonly projections: readonly ProjectionConfig[];
  readonly feedForward: FeedForwardConfig;
  /** Absent where attention knows no positions. */
  readonly rope?: RopeConfig;
  /** Attention to the last `window` tokens only. */
  readonly window?: number;
  /** Whether the feed-forward layer takes in what attention takes in, not what it gives. @default false */
  readonly parallel?: boolean;
}

/**
 * Where a block normalises: what attention or the feed-forward layer takes in, what they give before it is
 * added to the hidden state, and queries and keys before they are rotated.
 */
export type NormPlace =
  | 'beforeAttention'
  | 'queries'
  | 'keys'
  | 'afterAttention'
  | 'beforeFeedForward'
  | 'afterFeedForward';

export interface NormDescription {
  /** Of its module. */
  readonly name: string;
  /** Numbers that are normalised together: of queries and keys, those of a head or of all heads. */
  readonly size: number;
}

export interface ProjectionConfig {
  /** Of its module in the checkpoint: `model.layers.0.self_attn.q_proj`. */
  readonly name: string;
  /** The last part of its name: `q_proj`; experts of a mixture share it. */
  readonly role: string;
  /** Of a mixture: to which expert it belongs. */
  readonly expert?: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: boolean;
  /** What it gives: several parts, one behind the other in its outputs, where it is fused. */
  readonly parts: readonly ProjectionPart[];
  /** Whether the parts of a head stand together, head by head. @default false */
  readonly byHead?: boolean;
}

/** What linear maps of a block give; the last of attention and of feed-forward are added to the hidden state. */
export type ProjectionPart = 'query' | 'key' | 'value' | 'attention' | 'gate' | 'up' | 'down';

export type FeedForwardConfig = GatedConfig | PlainConfig | MixtureConfig;

/** An activation between two projections. */
export interface PlainConfig {
  readonly kind: 'plain';
  readonly activation: Activation;
}

/** A gated linear unit: SwiGLU, or GeGLU with the tangent or the error function. */
export interface GatedConfig {
  readonly kind: 'gated';
  readonly activation: Activation;
}

/** Several gated linear units, of which a router chooses some for each token. */
export interface MixtureConfig {
  readonly kind: 'mixture';
  /** Of each expert. */
  readonly activation: Activation;
  readonly experts: number;
  /** Experts that a token goes to. */
  readonly perToken: number;
  /** Whether the gates of the chosen experts are divided by their sum. */
  readonly normalized: boolean;
  /** Module of the router, a linear map from states to experts. */
  readonly router: string;
  /** Module that has all of it where experts are stacked: `model.layers.0.mlp`. */
  readonly stacked: string;
}

export type Activation = 'silu' | 'gelu-tanh' | 'gelu';

export interface RopeConfig {
  readonly theta: number;
  /** Components of a head that are rotated, from the first on; the others know no positions. @default all */
  readonly size?: number;
  readonly scaling?:
    | { readonly type: 'linear'; readonly factor: number }
    | {
        readonly type: 'llama3';
        readonly factor: number;
        readonly lowFrequencyFactor: number;
        readonly highFrequencyFactor: number;
        readonly originalPositions: number;
      }
    | LongRope;
}

/** Divisors of the frequencies, others beyond the positions of the pretraining (Ding et al., arXiv:2402.13753). */
export interface LongRope {
  readonly type: 'longrope';
  /** One for each pair of rotated numbers. */
  readonly shortFactors: readonly number[];
  readonly longFactors: readonly number[];
  readonly originalPositions: number;
  /** Factor of queries and keys. */
  readonly attentionFactor: number;
}

/** Whether some blocks are mixtures of experts. */
export function hasMixture({ blocks }: DecoderConfig): boolean {
  return blocks.some(({ feedForward }) => feedForward.kind === 'mixture');
}

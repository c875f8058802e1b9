/**
 * Memory of a training step by its shapes, before anything is loaded: weights, what learns with its gradient
 * and the two moments of AdamW, what each block keeps for its gradient, and the largest of what lives
 * shortly. Counted in the tensors that the operations of this package save.
 */
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import type { BlockConfig, DecoderConfig } from '../decoder/config.js';
import { parameterCount } from '../experts/parameters.js';
import { LOGITS_AT_A_TIME } from '../ops/head-loss.js';

export interface StepShape {
  /** Sequences that pass through the model at once. */
  readonly rows: number;
  /** Tokens of the longest. */
  readonly length: number;
  /** Whether blocks are computed again for their gradients. */
  readonly recompute: boolean;
  /** On WebAssembly, embeddings that are the output layer lie in memory twice. */
  readonly backend: string;
}

const FLOAT = 4;
/** Tensors of logits that the loss and its gradient hold at once. */
const LOGITS = 7;
/** The weights that learn, their gradient, and two moments. */
const OPTIMIZER = 4;

/** @returns bytes of all tensors at the worst moment; the program around them needs about a gigabyte more */
export function trainingMemory(config: DecoderConfig, spec: AdapterSpec, step: StepShape): number {
  const { hiddenSize, vocabularySize, tiedEmbeddings } = config;
  const blocks = config.blocks.length;
  const tokens = step.rows * step.length;
  const table = vocabularySize * hiddenSize;
  const tables = tiedEmbeddings && step.backend !== 'wasm' ? 1 : 2;
  const kept = keptByBlock(config, spec, step);
  // On the way back, the inside of one block lives beside what it has kept.
  const inside = 2 * kept;
  const states = step.recompute ? blocks * tokens * hiddenSize + kept : blocks * kept;
  const logits = LOGITS * Math.min(tokens * vocabularySize, LOGITS_AT_A_TIME);
  const weights =
    tables * table +
    (config.names.positions === undefined ? 0 : config.maxPositions * hiddenSize) +
    config.blocks.reduce((sum, block) => sum + blockWeights(block, hiddenSize), 0);
  const learning = OPTIMIZER * parameterCount(spec);
  return FLOAT * (weights + learning + states + Math.max(inside, logits));
}

function blockWeights({ projections, feedForward }: BlockConfig, hiddenSize: number): number {
  const router = feedForward.kind === 'mixture' ? feedForward.experts * hiddenSize : 0;
  return router + projections.reduce((sum, { inputs, outputs }) => sum + inputs * outputs, 0);
}

/** Numbers that a feed-forward layer keeps for each token. */
function keptByFeedForward(
  { projections, feedForward }: BlockConfig,
  { intermediateSize, hiddenSize }: DecoderConfig,
): number {
  // Gate, up, and their product.
  if (feedForward.kind !== 'mixture') return 3 * intermediateSize;
  const { perToken, experts } = feedForward;
  const width = projections.find(({ expert }) => expert !== undefined)!.outputs;
  // Of each chosen expert; and the state that it takes, and what it gives.
  return perToken * (3 * width + 2 * hiddenSize) + 3 * experts;
}

/** Of the projections of experts, by name: which share of the tokens pass, where all experts are alike. */
function sharesOfTokens({ blocks }: DecoderConfig): Map<string, number> {
  return new Map(
    blocks.flatMap(({ feedForward, projections }) =>
      feedForward.kind === 'mixture'
        ? projections
            .filter(({ expert }) => expert !== undefined)
            .map(({ name }) => [name, feedForward.perToken / feedForward.experts] as const)
        : [],
    ),
  );
}

/** Times that a block normalizes the hidden state, or what is added to it. */
function statesNormalized({ norms }: BlockConfig): number {
  const { queries: _, keys: __, ...ofStates } = norms;
  return Object.keys(ofStates).length;
}

/** Numbers that a block keeps for its gradient; of the adapter, those of its largest block. */
function keptByBlock(
  config: DecoderConfig,
  spec: AdapterSpec,
  { rows, length }: StepShape,
): number {
  const { hiddenSize, heads, keyValueHeads, headSize } = config;
  const norms = Math.max(...config.blocks.map(statesNormalized));
  const adapted = new Map<number, number>();
  const shares = sharesOfTokens(config);
  for (const { name, block, ranks } of spec.projections) {
    const rank = ranks.reduce((sum, own) => sum + own, 0);
    // What A gives, before and after gates and scalings, the gates spread; and what routing keeps.
    const own = (3 * rank + 8 * ranks.length) * (shares.get(name) ?? 1);
    adapted.set(block, (adapted.get(block) ?? 0) + own);
  }
  const perToken =
    // The two sums and the normalized states.
    (2 + norms) * hiddenSize +
    // Queries as rotated and as scaled, what attention gives in both layouts; keys and values.
    4 * heads * headSize +
    2 * keyValueHeads * headSize +
    Math.max(...config.blocks.map((block) => keptByFeedForward(block, config))) +
    (config.attention.softCap === undefined ? 1 : 2) * heads * length +
    Math.max(0, ...adapted.values());
  return rows * length * perToken;
}

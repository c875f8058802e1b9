/**
 * Memory of a training step by its shapes, before anything is loaded: weights, what learns with its gradient
 * and the two moments of AdamW, what each block keeps for its gradient, and the largest of what lives
 * shortly. Counted in the tensors that the operations of this package save.
 */
import type { AdapterSpec } from '../adapters/adapter-spec.js';
import type { DecoderConfig } from '../decoder/config.js';
import { projectionRoles } from '../decoder/names.js';
import { projectionShape } from '../decoder/projection-shape.js';
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
  const { hiddenSize, vocabularySize, blocks, tiedEmbeddings } = config;
  const tokens = step.rows * step.length;
  const table = vocabularySize * hiddenSize;
  const tables = tiedEmbeddings && step.backend !== 'wasm' ? 1 : 2;
  const kept = keptByBlock(config, spec, step);
  // On the way back, the inside of one block lives beside what it has kept.
  const inside = 2 * kept;
  const states = step.recompute ? blocks * tokens * hiddenSize + kept : blocks * kept;
  const logits = LOGITS * Math.min(tokens * vocabularySize, LOGITS_AT_A_TIME);
  const weights = tables * table + blocks * blockWeights(config);
  const learning = OPTIMIZER * parameterCount(spec);
  return FLOAT * (weights + learning + states + Math.max(inside, logits));
}

function blockWeights(config: DecoderConfig): number {
  return projectionRoles.reduce((sum, role) => {
    const [inputs, outputs] = projectionShape(config, role).shape;
    return sum + inputs * outputs;
  }, 0);
}

/** Numbers that a block keeps for its gradient; of the adapter, those of its largest block. */
function keptByBlock(
  config: DecoderConfig,
  spec: AdapterSpec,
  { rows, length }: StepShape,
): number {
  const { hiddenSize, intermediateSize, heads, keyValueHeads, headSize } = config;
  const adapted = new Map<number, number>();
  for (const { block, ranks } of spec.projections) {
    const rank = ranks.reduce((sum, own) => sum + own, 0);
    // What A gives, before and after gates and scalings, the gates spread; and what routing keeps.
    adapted.set(block, (adapted.get(block) ?? 0) + 3 * rank + 8 * ranks.length);
  }
  const perToken =
    // The two sums and the two normalized states.
    4 * hiddenSize +
    // Queries as rotated and as scaled, what attention gives in both layouts; keys and values.
    4 * heads * headSize +
    2 * keyValueHeads * headSize +
    // Gate, up, and their product.
    3 * intermediateSize +
    heads * length +
    Math.max(0, ...adapted.values());
  return rows * length * perToken;
}

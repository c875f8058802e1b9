/** What a model consists of, from the headers of its weights. */
import type { WeightDescription } from '@alphalora/contracts/weights';
import type { Checkpoint } from './checkpoint.js';

export interface WeightsPart {
  weights: number;
  /** Elements of these weights. */
  parameters: number;
  /** Parameters by the scheme that they are quantized in, or else the type of the stored elements. */
  types: Record<string, number>;
}

export interface WeightsSummary extends WeightsPart {
  /** Of the files. */
  bytes: number;
  /** Projections of blocks, of whatever stack; embeddings and the output head; and everything else. */
  parts: { projections: WeightsPart; embeddings: WeightsPart; other: WeightsPart };
}

export function weightsSummary({
  tensors,
  files,
}: Pick<Checkpoint, 'tensors' | 'files'>): WeightsSummary {
  const parts = { projections: empty(), embeddings: empty(), other: empty() };
  const all = empty();
  for (const weight of tensors) {
    add(weight, all);
    add(weight, parts[partOf(weight)]);
  }
  return { ...all, bytes: files.reduce((sum, { byteLength }) => sum + byteLength, 0), parts };
}

function empty(): WeightsPart {
  return { weights: 0, parameters: 0, types: {} };
}

function partOf({ kind, block, stack }: WeightDescription): keyof WeightsSummary['parts'] {
  if (kind === 'projection' && (block !== undefined || stack !== undefined)) return 'projections';
  return kind === 'embedding' || kind === 'head' ? 'embeddings' : 'other';
}

function add(
  { shape, dtype, quantization: type = dtype }: WeightDescription,
  part: WeightsPart,
): void {
  const elements = shape.reduce((product, length) => product * length, 1);
  part.weights++;
  part.parameters += elements;
  part.types[type] = (part.types[type] ?? 0) + elements;
}

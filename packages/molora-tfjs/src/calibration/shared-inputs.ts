/**
 * What projections of a block take in, kept until a batch is done: those that share an input, as the
 * query, the key and the value do, share its rows and its singular values.
 */
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import * as tf from '@tensorflow/tfjs';
import { selectRows } from '../ops/select-rows.js';
import { readTensor } from '../ops/webgpu.js';

export interface SharedInput {
  /** Share of the `rank` largest singular values in the sum of squares, found once. */
  explainedVariance(name: string, signal: AbortSignal | undefined): Promise<number>;
}

export interface SharedInputs {
  /**
   * Keeps the rows of `tokens`, once for all projections that share an input.
   *
   * @param owner name of one projection for all that share it; whether two tensors are copies of each
   *   other, backends do not say
   */
  add(owner: string, all: tf.Tensor2D, tokens: Int32Array): SharedInput;
  /** Frees what a batch has left. */
  clear(): void;
}

export function sharedInputs(engine: SpectralEngine, rank: number): SharedInputs {
  let inputs = new Map<string, SharedInput & { readonly rows: tf.Tensor2D }>();
  return {
    add(owner, all, tokens) {
      const earlier = inputs.get(owner);
      if (earlier) return earlier;
      const rows = tf.keep(tf.tidy(() => tf.clone(selectRows(all, tokens))));
      let found: Promise<number> | undefined;
      const added = {
        rows,
        explainedVariance: (name: string, signal: AbortSignal | undefined) =>
          (found ??= explainedVariance({ engine, name, rows, rank, signal })),
      };
      inputs.set(owner, added);
      return added;
    },
    clear() {
      for (const { rows } of inputs.values()) rows.dispose();
      inputs = new Map();
    },
  };
}

async function explainedVariance({
  engine,
  name,
  rows: x,
  rank,
  signal,
}: {
  engine: SpectralEngine;
  name: string;
  rows: tf.Tensor2D;
  rank: number;
  signal: AbortSignal | undefined;
}): Promise<number> {
  const [rows, columns] = x.shape;
  const values = await readTensor(x);
  const singular = await engine.singularValues(
    {
      ...{ name, rows, columns, dtype: 'F32' },
      read: async (start = 0, end = rows) => values.slice(start * columns, end * columns),
    },
    { signal },
  );
  const squares = Array.from(singular, (value) => value * value);
  const sum = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0);
  const total = sum(squares);
  return total > 0 ? sum(squares.slice(0, rank)) / total : 0;
}

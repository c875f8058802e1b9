/** What llama.cpp calls a family of models and their weights, and what transformers does. */

export interface Family {
  readonly modelType: string;
  /** Class of the model with its output layer. */
  readonly architecture: string;
  /** Modules outside of blocks, by their names in the file. */
  readonly outer: Readonly<Record<string, string>>;
  /** What the index of a block comes after, e.g. `model.layers`. */
  readonly blocks: string;
  /** Modules in a block. `{}` stands for the index of an expert, of those that are stacked in the file. */
  readonly inner: Readonly<Record<string, string>>;
  /** Encoder and decoder, by what their names in the file begin with; see `blocks` and `inner`. */
  readonly stacks?: Readonly<Record<string, Pick<Family, 'blocks' | 'inner'>>>;
  /** Whether rows of queries and keys lie as llama.cpp rotates them: the halves of each head in turn. */
  readonly interleaved?: true;
  /**
   * Whether the file has all queries, then all keys, then all values, and the model a group of queries
   * with its key and value for each key head, which may be every head.
   */
  readonly ungrouped?: true;
  /** Whether the file has the gains of norms as they act, and the model has them as differences from 1. */
  readonly gainsFromOne?: true;
  /** Whether linear maps, which the model has as `[in, out]`, are `[out, in]` in the file and stay so. */
  readonly turned?: true;
  /** More settings of a config.json. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Names of modules; of a family, or as unknown ones are read. */
export type Names = Pick<Family, 'outer' | 'blocks' | 'inner' | 'stacks'>;

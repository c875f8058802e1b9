/** Extension points of the training: routers and tasks. `Tensor` is the tensor type of the runtime. */

/** Decides how much each expert contributes to each token. */
export interface Router<Tensor> {
  readonly name: string;
  /** @param logits [tokens, experts] @returns gates [tokens, experts], zero where not selected */
  route(logits: Tensor): Tensor;
}

/** One training or test item: text in, text out. */
export interface Example {
  readonly prompt: string;
  readonly completion: string;
}

export interface TrainingTask {
  readonly name: string;
  examples(split: 'train' | 'validation' | 'test'): AsyncIterable<Example>;
  /** The task's metric over the outputs for the examples of a split, in their order. */
  score(
    outputs: readonly string[],
    examples: readonly Example[],
  ): { metric: string; value: number };
}

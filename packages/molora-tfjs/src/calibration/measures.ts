/**
 * What a pass over data tells of a projection `y = x W^T`, with `G` the gradient of the batch's mean loss
 * in `W`:
 *
 * | measure              | of one batch                                                                | after |
 * | -------------------- | ----------------------------------------------------------------------------- | ----- |
 * | `gradient`           | `sum G^2`                                                                     | LoRA-SMoE, arXiv 2505.06272 |
 * | `sensitivity`        | mean of `abs(W * G)` over the elements                                       | GoRA, arXiv 2502.12171 |
 * | `fisher`             | mean square of the gradient `G A^T` of a LoRA's `B` at `B = 0`               | FIM-LoRA, arXiv 2605.16800 |
 * | `residual`           | `norm(G) / norm(W)`, Frobenius                                               | Layer Card, arXiv 2602.04019 |
 * | `activation`         | mean over the tokens of `norm(W x) sqrt(inputs) / (norm(W) norm(x))`         | PLoP, arXiv 2506.20629 |
 * | `explained-variance` | share of `sum s^2` in the `rank` largest singular values `s` of the inputs   | EVA, arXiv 2410.07170 |
 *
 * `activation` is 1 where inputs and weights know nothing of each other. `A` is [rank, inputs], as LoRA
 * begins: uniform within `1 / sqrt(inputs)`.
 */
export const calibrationMeasures = [
  'gradient',
  'sensitivity',
  'fisher',
  'residual',
  'activation',
  'explained-variance',
] as const;

export type CalibrationMeasure = (typeof calibrationMeasures)[number];

/** Those that need no more than a forward pass. */
export const isForward = (measure: CalibrationMeasure): boolean =>
  measure === 'activation' || measure === 'explained-variance';

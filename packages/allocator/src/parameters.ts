/** Sizes of MoE-LoRA adapters. */

export interface LinearMap {
  readonly inputs: number;
  readonly outputs: number;
}

/**
 * Trainable parameters of one expert on each of the modules: two low-rank factors and one router
 * column per module, sum r (in + out) + sum in. Exact for every count published by MoLA
 * (arXiv 2402.08562) and AlphaLoRA (arXiv 2410.10054).
 */
export function parametersPerExpert(modules: readonly LinearMap[], rank: number): number {
  return modules.reduce((sum, { inputs, outputs }) => sum + rank * (inputs + outputs) + inputs, 0);
}

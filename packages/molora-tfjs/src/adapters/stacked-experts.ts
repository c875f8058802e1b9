/** Experts of a mixture that a checkpoint has in one tensor for each block: they stay frozen, without adapters. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';

export interface StackedExperts {
  /**
   * Whether a projection of an allocation, such as `model.layers.0.mlp.experts.down_proj[3]`, is one of them.
   *
   * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` where it is to be adapted
   */
  has(name: string): boolean;
  /** @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` where some are to be adapted */
  requireFrozen(): void;
}

/**
 * @param targets roles that are to be adapted @default all
 * @param others roles that can be
 */
export function stackedExperts(
  weights: readonly WeightDescription[],
  targets: readonly string[] | undefined,
  others: readonly string[],
): StackedExperts {
  const stacked = weights.filter(
    ({ kind, block, stacked }) => kind === 'projection' && block !== undefined && stacked,
  );
  const roles = new Map(stacked.map(({ name, role }) => [name, role]));
  const require = (name: string): void => {
    if (targets && !targets.includes(roles.get(name) ?? '')) return;
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `${name} holds all experts of its block, and adapters need each by itself: give the targets ${others.join(',')}, or save the model with one tensor for each expert, as save_pretrained of transformers does`,
      { details: { tensor: name } },
    );
  };
  return {
    has(name) {
      const whole = name.replace(/\[\d+\]$/, '');
      if (!roles.has(whole)) return false;
      require(whole);
      return true;
    },
    requireFrozen() {
      for (const { name } of stacked) require(name);
    },
  };
}

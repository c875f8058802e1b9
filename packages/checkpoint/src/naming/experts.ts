/** How the experts of a block lie in a tensor that has all of them. */
import { type ModelConfig, sizeSetting } from './config.js';
import { familiesOf } from './families.js';
import type { TensorKind } from './kinds.js';
import * as tables from './tables.js';

/**
 * Whether experts stacked in one parameter are `[experts, in, out]`, as most are. Some checkpoints
 * have `[experts, out, in]`; the size of the hidden states tells them apart, or else the family.
 */
export function inputFirstExperts(
  role: string,
  [, first, second]: readonly number[],
  config: ModelConfig,
): boolean {
  const hidden = sizeSetting(config, 'hidden_size');
  const isDown = tables.downProjections.test(role);
  if (first === second || (first !== hidden && second !== hidden)) {
    return !familiesOf(config).some((family) => tables.outputFirstExperts.includes(family));
  }
  return isDown ? second === hidden : first === hidden;
}

interface ExpertRows extends TensorKind {
  shape?: readonly number[];
  stacked?: boolean;
  inputFirst?: boolean;
}

/** Experts one below the other, `[experts * width, hidden]`, as `[experts, width, hidden]`. */
export function rowsOfExperts(
  role: string,
  [rows = 0, columns = 0]: readonly number[],
  config: ModelConfig,
): ExpertRows {
  const inner = config['ffn_config'];
  const experts = [inner, config]
    .map((settings) => sizeSetting((settings ?? {}) as ModelConfig, 'moe_num_experts'))
    .find((count) => count !== undefined);
  if (experts === undefined || rows % experts !== 0) {
    const why =
      experts === undefined
        ? 'how many tells config.json (moe_num_experts), which says nothing of it; give the file beside it'
        : `its ${rows} rows do not divide into the ${experts} of config.json (moe_num_experts)`;
    return { kind: 'other', notMatrix: `experts one below the other: ${why}` };
  }
  return {
    kind: 'projection',
    shape: [experts, rows / experts, columns],
    stacked: true,
    ...(tables.downProjections.test(role) && { inputFirst: true }),
  };
}

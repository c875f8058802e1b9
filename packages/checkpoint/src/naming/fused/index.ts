/**
 * Projections that a family stores as one tensor: where each lies in it, by the layouts of the table.
 *
 * All that is known of a part is an axis and ranges of indices on it.
 */
import type { WeightDescription } from '@alphalora/contracts/weights';
import type { ModelConfig } from '../config.js';
import { familiesOf, settingsOf } from '../families.js';
import { moduleOf } from '../index.js';
import { type FusedLayout, isFused, layouts } from './layouts.js';
import { type Division, unsupported } from './orders.js';

export interface FusedPart {
  /** Short name of the part: `q`, `k`, `v`, `gate`, `up`; of linear attention also `z`, `b`, `a`. */
  label: string;
  /** `q_proj`, `k_proj`, `v_proj`, `gate_proj`, `up_proj`, ... */
  role: string;
  /** The axis of the stored tensor that is divided: that of the outputs. */
  axis: number;
  /** Indices `[start, end)` on the axis, in the order in which the part has them. */
  ranges: ReadonlyArray<readonly [number, number]>;
}

/**
 * The projections in a fused one; empty when it is not fused.
 *
 * @param config where the family and the numbers of heads are
 * @param guess the family by the names of the model's weights, where the config gives none
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` when its layout is not known, or the config does not
 *   say how the tensor divides, or says what does not fit its shape
 */
export function fusedParts(
  weight: WeightDescription,
  config: ModelConfig = {},
  guess?: string,
): FusedPart[] {
  const { name, shape, kind, block, stack, inputFirst = false, stacked = false } = weight;
  // Of an empty tensor, the other sizes are claims without bytes behind them.
  if (kind !== 'projection' || shape.length < 2 || shape.includes(0)) return [];
  const path = moduleOf(name).join('.');
  // Kernels of convolutions have their outputs first.
  const axis = shape.length > 2 && !stacked ? 0 : shape.length - (inputFirst ? 1 : 2);
  const size = shape[axis]!;
  const said = familiesOf(config);
  const families = said.length > 0 || guess === undefined ? said : [guess];
  const settings = settingsOf(block === undefined ? stack?.name : undefined, config);
  const layout = layouts.find((each) =>
    applies(each, { name, path, inputFirst, families, config: settings, size }),
  );
  if (!layout) {
    if (isFused(path, settings, size)) throw unsupported(weight, unknown(path, families));
    return [];
  }
  const { labels, order } = layout;
  const ranges = rangesOf(order({ weight, size, parts: labels.length, config: settings }));
  return labels.map((label, i) => ({ label, role: `${label}_proj`, axis, ranges: ranges[i]! }));
}

function applies(
  layout: FusedLayout,
  about: {
    name: string;
    path: string;
    inputFirst: boolean;
    families: readonly string[];
    config: ModelConfig;
    size: number;
  },
): boolean {
  return (
    layout.path.test(about.path) &&
    (!layout.inputFirst || about.inputFirst) &&
    (!layout.bare || about.name.endsWith('_weight')) &&
    isOf(layout, about.families) &&
    (layout.where?.(about.config, about.size) ?? true)
  );
}

function isOf({ families: known }: FusedLayout, families: readonly string[]): boolean {
  if (!known) return true;
  if (known.length === 0) return families.length === 0;
  return families.some((family) => known.includes(family));
}

function unknown(path: string, families: readonly string[]): string {
  const module = path.split('.').at(-1);
  return families.length === 0
    ? `${module} lies differently in different families, and config.json gives no model_type`
    : `the layout of ${module} in model_type ${families.map((each) => JSON.stringify(each)).join(', ')} is not known`;
}

/** The ranges of each part. */
function rangesOf({ groups, lengths }: Division): Array<Array<readonly [number, number]>> {
  const period = lengths.reduce((sum, length) => sum + length, 0);
  let start = 0;
  return lengths.map((length) => {
    const first = start;
    start += length;
    return Array.from({ length: groups }, (_, group) => [
      group * period + first,
      group * period + first + length,
    ]);
  });
}

/** From the packed tensors of a run with growing ranks to an adapter that has the active ranks only. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdapterState, TensorValues } from '../adapters/adapter-spec.js';

/**
 * Inactive ranks contribute nothing, so that the adapter computes what it did.
 *
 * @param ranks as `DynamicRank.ranks` gives them; projections without an entry stay as they are
 * @throws AlphaLoraError `INVALID_OPTION` when more ranks are to be kept than there are
 */
export function trimRanks(
  { spec, tensors }: AdapterState,
  ranks: Readonly<Record<string, readonly number[]>>,
): AdapterState {
  const trimmed: Record<string, TensorValues> = { ...tensors };
  const projections = spec.projections.map((projection) => {
    const { name, inputs, outputs } = projection;
    const kept = ranks[name];
    if (kept === undefined) return projection;
    if (
      kept.length !== projection.ranks.length ||
      kept.some((r, e) => !(r <= projection.ranks[e]!))
    )
      throw new AlphaLoraError(
        'INVALID_OPTION',
        `${name} has ranks ${projection.ranks.join(', ')}, of which ${kept.join(', ')} cannot be kept.`,
        { details: { name } },
      );
    const columns: number[] = [];
    let start = 0;
    projection.ranks.forEach((rank, expert) => {
      for (let i = 0; i < kept[expert]!; i++) columns.push(start + i);
      start += rank;
    });
    const width = start;
    const a = tensors[`${name}.lora_A`]!.values;
    const b = tensors[`${name}.lora_B`]!.values;
    trimmed[`${name}.lora_A`] = {
      shape: [inputs, columns.length],
      values: Float32Array.from(
        { length: inputs * columns.length },
        (_, i) => a[Math.floor(i / columns.length) * width + columns[i % columns.length]!]!,
      ),
    };
    trimmed[`${name}.lora_B`] = {
      shape: [columns.length, outputs],
      values: Float32Array.from(
        { length: columns.length * outputs },
        (_, i) => b[columns[Math.floor(i / outputs)]! * outputs + (i % outputs)]!,
      ),
    };
    return { ...projection, ranks: kept };
  });
  return { spec: { ...spec, projections }, tensors: trimmed };
}

/** The linear maps of a model as they are stored, from the rows that describe them or their parts. */
import { defined, type MatrixRow } from '@alphalora/contracts';

/** A linear map with its rows: one, or the parts of a fused projection. */
export interface StoredMap {
  block: number;
  /** The role is absent where the parts have several. */
  module: { name: string; role?: string; inputs: number; outputs: number };
  rows: MatrixRow[];
}

/** Of the projections in blocks of the main stack, in the order of their first rows. */
export function linearMaps(rows: readonly MatrixRow[]): StoredMap[] {
  const maps = new Map<string, StoredMap>();
  for (const row of rows) {
    const { block, role, kind = 'projection' } = row;
    if (block === undefined || kind !== 'projection') continue;
    // `c_attn.weight[q]` and its siblings share one input and line up their outputs.
    const name = row.partOf === undefined ? row.name : row.name.replace(/\[\D+?\]/, '');
    const { inputs, outputs } = linearMap(row);
    const earlier = maps.get(name);
    if (!earlier) {
      const module = { name, ...defined({ role }), inputs, outputs };
      maps.set(name, { block, module, rows: [row] });
      continue;
    }
    const { role: common, ...module } = earlier.module;
    earlier.module = {
      ...module,
      ...(common !== undefined && common === role && { role: common }),
      outputs: module.outputs + outputs,
    };
    earlier.rows.push(row);
  }
  return [...maps.values()];
}

/** A convolution is the linear map from its receptive field to its output channels. */
function linearMap({ shape, inputFirst }: MatrixRow): { inputs: number; outputs: number } {
  const [first = 0, ...rest] = shape;
  const other = rest.reduce((product, length) => product * length, 1);
  return inputFirst ? { inputs: first, outputs: other } : { inputs: other, outputs: first };
}

/** From an Analysis to what the allocation needs of each block: its score and its linear maps. */
import {
  AlphaLoraError,
  type Analysis,
  type MatrixRow,
  type PolicyLayer,
} from '@alphalora/contracts';
import type { LinearMap } from './parameters.js';

export interface Layer extends PolicyLayer {
  /** The linear maps that get adapters, for counting parameters. */
  readonly modules?: readonly LinearMap[];
}

/**
 * One layer per block, scored with the block's alpha. Its modules are its analysed projections; the
 * parts of a fused projection count as the one map that they are stored as.
 *
 * @throws AlphaLoraError `NO_SPECTRUM` when there is no block, or a block without alpha
 */
export function layersOf(analysis: Analysis): Layer[] {
  if (analysis.blocks.length === 0) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      'the analysis has no blocks: no tensor name was recognised as part of a decoder block',
    );
  }
  const modules = modulesByBlock(analysis.matrices);
  return analysis.blocks.map(({ index, alpha }) => {
    if (alpha === undefined) {
      throw new AlphaLoraError(
        'NO_SPECTRUM',
        `block ${index} has no alpha, because none of its projections could be analysed: ` +
          'see the reasons in the analysis',
        { details: { block: index } },
      );
    }
    return { index, score: alpha, modules: modules.get(index) ?? [] };
  });
}

function modulesByBlock(rows: readonly MatrixRow[]): Map<number, LinearMap[]> {
  const modules = new Map<string, LinearMap & { block: number }>();
  for (const row of rows) {
    if (row.block === undefined || row.status === 'skipped') continue;
    if ((row.kind ?? 'projection') !== 'projection') continue;
    // `c_attn.weight[q]` and its siblings share one input and line up their outputs.
    const name = row.partOf === undefined ? row.name : row.name.replace(/\[\D+?\]/, '');
    const { inputs, outputs } = linearMap(row);
    const earlier = modules.get(name)?.outputs ?? 0;
    modules.set(name, { block: row.block, inputs, outputs: earlier + outputs });
  }
  const grouped = new Map<number, LinearMap[]>();
  for (const { block, ...map } of modules.values()) {
    grouped.set(block, [...(grouped.get(block) ?? []), map]);
  }
  return grouped;
}

/** A convolution is the linear map from its receptive field to its output channels. */
function linearMap({ shape, inputFirst }: MatrixRow): LinearMap {
  const [first = 0, ...rest] = shape;
  const other = rest.reduce((product, length) => product * length, 1);
  return inputFirst ? { inputs: first, outputs: other } : { inputs: other, outputs: first };
}

/** What the allocation needs of each block or projection: its score, its shapes, its linear maps. */
import {
  AlphaLoraError,
  type Analysis,
  type MatrixRow,
  type PolicyLayer,
} from '@alphalora/contracts';
import type { LinearMap, NamedLinearMap } from './parameters.js';

/** A block or a projection; what a unit of the resource costs there, and its price, the host adds. */
export interface Layer extends Omit<PolicyLayer, 'cost' | 'price'> {
  /** The linear maps that get adapters; absent where the shapes are not known. */
  readonly modules?: readonly NamedLinearMap[];
}

/**
 * The layers of an analysis.
 *
 * Per block: one for each, scored with the block's alpha. Its modules are its analysed projections,
 * also those whose measurement failed.
 *
 * Per projection: one for each, in the checkpoint's order, scored with its own alpha. The parts of a
 * fused projection are the one map that they are stored as, scored with the mean of their alphas;
 * their common role is kept.
 *
 * The variance is the mean square of the weights, from the metric `norm`, where all matrices have it:
 * trained weights have a mean of about zero. Windows of matrices (FARMS) do not tell it.
 *
 * @throws AlphaLoraError `NO_SPECTRUM` when there is no block, or a block or projection without alpha
 */
export function layersOf(
  analysis: Analysis,
  { per = 'block' }: { per?: 'block' | 'projection' } = {},
): Layer[] {
  if (analysis.blocks.length === 0) {
    throw new AlphaLoraError(
      'NO_SPECTRUM',
      'the analysis has no blocks: no tensor name was recognised as part of a decoder block',
    );
  }
  const windows = analysis.options['farms'] !== undefined;
  const maps = mapsOf(analysis.matrices);
  if (per === 'projection') {
    return maps.map((map, index) => ({
      ...{ index, block: map.block, score: alphaOf(map), name: map.module.name },
      ...(map.module.role !== undefined && { role: map.module.role }),
      ...factsOf([map], windows),
    }));
  }
  const byBlock = new Map<number, StoredMap[]>();
  for (const map of maps) {
    const earlier = byBlock.get(map.block);
    if (earlier) earlier.push(map);
    else byBlock.set(map.block, [map]);
  }
  return analysis.blocks.map(({ index: block, alpha }, index) => {
    if (alpha === undefined) {
      throw new AlphaLoraError(
        'NO_SPECTRUM',
        `block ${block} has no alpha, because none of its projections could be analysed: ` +
          'see the reasons in the analysis',
        { details: { block } },
      );
    }
    return { index, block, score: alpha, ...factsOf(byBlock.get(block) ?? [], windows) };
  });
}

/**
 * Blocks with scores from anywhere, such as the influence scores of LayerIF (arXiv 2505.23811). A
 * score without a block belongs to the block at its position.
 */
export function layersFromScores(
  scores: ReadonlyArray<number | { block?: number; index?: number; score: number }>,
): Layer[] {
  return scores.map((entry, index) => {
    const given = typeof entry === 'number' ? { score: entry } : entry;
    const { score, block = given.index ?? index } = given;
    return { ...{ index, block, score }, ...{ inputs: 0, outputs: 0, parameters: 0 } };
  });
}

/** A linear map as it is stored, with the rows that measured it or its parts. */
interface StoredMap {
  block: number;
  module: NamedLinearMap;
  rows: MatrixRow[];
}

function mapsOf(rows: readonly MatrixRow[]): StoredMap[] {
  const maps = new Map<string, StoredMap>();
  for (const row of rows) {
    const { block, role } = row;
    if (block === undefined || row.status === 'skipped') continue;
    if ((row.kind ?? 'projection') !== 'projection') continue;
    // `c_attn.weight[q]` and its siblings share one input and line up their outputs.
    const name = row.partOf === undefined ? row.name : row.name.replace(/\[\D+?\]/, '');
    const { inputs, outputs } = linearMap(row);
    const earlier = maps.get(name);
    if (!earlier) {
      const module = { name, ...(role !== undefined && { role }), inputs, outputs };
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
function linearMap({ shape, inputFirst }: MatrixRow): LinearMap {
  const [first = 0, ...rest] = shape;
  const other = rest.reduce((product, length) => product * length, 1);
  return inputFirst ? { inputs: first, outputs: other } : { inputs: other, outputs: first };
}

function alphaOf({ module, rows }: StoredMap): number {
  const alphas = rows.flatMap((row) => (row.status === 'ok' ? [row.alpha] : []));
  if (alphas.length > 0) return alphas.reduce((sum, alpha) => sum + alpha, 0) / alphas.length;
  const [reason] = rows.flatMap((row) => (row.status === 'ok' ? [] : [row.reason]));
  throw new AlphaLoraError(
    'NO_SPECTRUM',
    `${module.name} has no alpha (${reason}): allocate per block, or analyze without it`,
    { details: { tensor: module.name } },
  );
}

function factsOf(
  maps: readonly StoredMap[],
  windows: boolean,
): Pick<Layer, 'inputs' | 'outputs' | 'parameters' | 'variance' | 'modules'> {
  const sum = (of: (map: LinearMap) => number): number =>
    maps.reduce((total, { module }) => total + of(module), 0);
  const parameters = sum(({ inputs, outputs }) => inputs * outputs);
  const squares = maps
    .flatMap(({ rows }) => rows)
    .map((row) => (row.status === 'ok' ? row.metrics['norm'] : undefined));
  const known = squares.every((square): square is number => square !== undefined);
  return {
    inputs: sum(({ inputs }) => inputs),
    outputs: sum(({ outputs }) => outputs),
    parameters,
    ...(known &&
      !windows &&
      parameters > 0 && { variance: squares.reduce((a, b) => a + b, 0) / parameters }),
    ...(maps.length > 0 && { modules: maps.map(({ module }) => module) }),
  };
}

/**
 * From adapters that were trained one by one to a mixture of them, as MoLE (arXiv 2404.13628) wants
 * it: each becomes an expert at every projection, and a new router gates them.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import type {
  AdaptedProjection,
  AdapterSpec,
  AdapterState,
  TensorValues,
} from '../adapters/adapter-spec.js';
import { initialTensors } from './initial-tensors.js';

export interface CombineOptions {
  /** @default `mole` without options */
  router?: AdapterSpec['router'];
  /** Of the router's initial tensors. @default 0 */
  seed?: number;
}

/**
 * Every expert is selected (topK), and dropout is off.
 *
 * @param adapters of one model, at the same projections with one expert each; two or more
 * @throws AlphaLoraError `INVALID_OPTION` when their projections differ or have several experts; see also `createRouter`
 */
export function combineAdapters(
  adapters: readonly AdapterState[],
  { router = { name: 'mole', options: {} }, seed = 0 }: CombineOptions = {},
): AdapterState {
  const [first, ...others] = adapters;
  if (first === undefined || others.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `Give two adapters or more to combine, not ${adapters.length}.`,
    );
  }
  const projections = first.spec.projections.map((projection) => {
    const parts = adapters.map((adapter, i) => samePlace(adapter, projection, i));
    const ranks = parts.flatMap((part) => part.ranks);
    const scalings = parts.flatMap((part) => part.scalings);
    return { ...projection, ranks, scalings, topK: ranks.length };
  });
  for (const [i, { spec }] of others.entries()) {
    if (spec.projections.length === projections.length) continue;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `Adapter ${i + 2} has ${spec.projections.length} projections, the first has ${projections.length}; combine adapters of the same projections.`,
    );
  }
  const spec: AdapterSpec = { projections, router, dropout: 0 };
  const tensors: Record<string, TensorValues> = initialTensors(spec, seed);
  for (const { name, inputs, outputs } of projections) {
    const factors = (factor: string) =>
      adapters.map((adapter) => adapter.tensors[`${name}.${factor}`]!.values);
    tensors[`${name}.lora_A`] = sideBySide(factors('lora_A'), inputs);
    tensors[`${name}.lora_B`] = stacked(factors('lora_B'), outputs);
  }
  return { spec, tensors };
}

function samePlace(
  { spec }: AdapterState,
  { name, inputs, outputs }: AdaptedProjection,
  index: number,
): AdaptedProjection {
  const found = spec.projections.find((projection) => projection.name === name);
  if (found && found.ranks.length > 1) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `Adapter ${index + 1} has ${found.ranks.length} experts under a router of its own at ${name}, which a mixture of LoRAs has no place for; combine adapters of one expert per projection.`,
      { details: { name } },
    );
  }
  if (found?.inputs === inputs && found.outputs === outputs) return found;
  const problem = found ? `maps ${found.inputs} to ${found.outputs} at` : 'has no experts at';
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `Adapter ${index + 1} ${problem} ${name}, where the first maps ${inputs} to ${outputs}; combine adapters of one model and the same projections.`,
    { details: { name } },
  );
}

/** Matrices of `rows` rows as one. */
function sideBySide(matrices: readonly Float32Array[], rows: number): TensorValues {
  const widths = matrices.map((matrix) => matrix.length / rows);
  const width = widths.reduce((sum, columns) => sum + columns, 0);
  const values = new Float32Array(rows * width);
  let start = 0;
  matrices.forEach((matrix, i) => {
    const columns = widths[i]!;
    for (let row = 0; row < rows; row++)
      values.set(matrix.subarray(row * columns, (row + 1) * columns), row * width + start);
    start += columns;
  });
  return { shape: [rows, width], values };
}

/** Matrices of `columns` columns as one. */
function stacked(matrices: readonly Float32Array[], columns: number): TensorValues {
  const values = new Float32Array(matrices.reduce((sum, matrix) => sum + matrix.length, 0));
  let start = 0;
  for (const matrix of matrices) {
    values.set(matrix, start);
    start += matrix.length;
  }
  return { shape: [values.length / columns, columns], values };
}

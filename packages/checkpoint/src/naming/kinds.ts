/**
 * What a tensor is for, by its name and shape: a projection of a block, a norm, a table that is not the
 * matrix of any layer, ... The vocabulary is in `tables.ts`.
 */
import type { WeightKind } from '@alphalora/contracts/weights';
import * as tables from './tables.js';

/** See the fields of the same names in `WeightDescription` of `@alphalora/contracts`. */
export interface TensorKind {
  kind: WeightKind;
  notMatrix?: string;
}

export interface NameParts {
  /** `['h', '0', 'attn', 'c_attn']` of `h.0.attn.c_attn.weight`. */
  module: readonly string[];
  /** `weight`, `bias`, ..., or the name of a parameter that is in no layer of its own. */
  parameter: string;
  /** Whether it is such a parameter, e.g. `experts.gate_up_proj`; its name then ends the module. */
  isParameter: boolean;
}

/** @param path the module within its block, without the numbers of experts */
export function blockKind(
  parts: NameParts,
  path: readonly string[],
  shape: readonly number[],
): TensorKind {
  const common = commonKind(parts, shape);
  if (common) return common;
  const joined = path.join('.');
  if (isRouter(joined, shape)) return { kind: 'router' };
  if (path.some((part) => tables.blockHeads.test(part))) return { kind: 'head' };
  const inMixture = tables.mixtures.test(joined);
  // Of parameters without a layer only projections are known; state-space models keep tables so.
  if (parts.isParameter && !inMixture && !tables.bareProjections.test(parts.parameter)) {
    return ownParameter(parts);
  }
  if (!inMixture && isDepthwise(joined, shape)) {
    return other('kernels of a depthwise convolution, which are vectors');
  }
  return { kind: 'projection' };
}

export function outerKind(parts: NameParts, shape: readonly number[]): TensorKind {
  const common = commonKind(parts, shape);
  if (common) return common;
  const { module, parameter, isParameter } = parts;
  if (module.some((part) => tables.embeddings.test(part))) return { kind: 'embedding' };
  const path = module.join('.');
  if (!isParameter && tables.outerEmbeddings.test(path)) return { kind: 'embedding' };
  // A matrix alone in a file has what name it will.
  if (isParameter && module.length > 1 && !tables.bareMatrices.test(parameter)) {
    return ownParameter(parts);
  }
  if (module.some((part) => tables.towers.test(part))) return { kind: 'other' };
  const isHead = module.some((part) => tables.heads.test(part)) || tables.headPaths.test(path);
  return { kind: isHead ? 'head' : 'other' };
}

/** What holds in blocks and outside of them; undefined when it depends on which. */
function commonKind(
  { module, parameter, isParameter }: NameParts,
  shape: readonly number[],
): TensorKind | undefined {
  if (tables.quantised.test(parameter)) {
    return other('a part of quantized weights (packed values, scales or zero points)');
  }
  const table = tables.notMatrices.find(
    ({ names, bare }) => (isParameter || !bare) && module.some((part) => names.test(part)),
  );
  if (table) return other(table.reason);
  const isVector = shape.length < 2;
  if (tables.biases.test(parameter)) {
    if (isVector) return { kind: 'bias' };
    // GPT-2 keeps its causal mask, of four axes, as `attn.bias`.
    if (shape.length > 2) return other('a mask or biases, not the matrix of a layer');
    return { kind: 'bias', notMatrix: 'biases, not the matrix of a layer' };
  }
  const last = module.at(-1);
  if (last !== undefined && tables.norms.test(last)) {
    return {
      kind: 'norm',
      ...(!isVector && { notMatrix: 'gains of norms, not the matrix of a layer' }),
    };
  }
  if (last !== undefined && (tables.embeddings.test(last) || tables.embeddingTables.test(last))) {
    return { kind: 'embedding' };
  }
  // Vectors called weight are gains; others (`A_log`, `D`) are what they are.
  if (isVector) {
    return { kind: shape.length === 1 && parameter === 'weight' ? 'norm' : 'other' };
  }
  return undefined;
}

function ownParameter({ parameter }: NameParts): TensorKind {
  return other(`a parameter of its own (${parameter}), not the matrix of a layer`);
}

function other(notMatrix: string): TensorKind {
  return { kind: 'other', notMatrix };
}

/** A mixture has fewer experts than inputs; a gate of values has an output for each of them. */
function isRouter(path: string, [outputs = 0, inputs = 0]: readonly number[]): boolean {
  return tables.routers.test(path) && outputs < inputs;
}

/** Convolutions beside attention and in state-space models look back by four, seldom by more. */
const MOST_POSITIONS = 32;

function isDepthwise(path: string, shape: readonly number[]): boolean {
  if (shape.length > 2 && shape[1] === 1) return true;
  // Without the axis of the one input, or with it behind that of the positions, which are few.
  const positionsAreSecond = shape.length === 2 || shape.at(-1) === 1;
  return tables.convolutions.test(path) && positionsAreSecond && shape[1]! <= MOST_POSITIONS;
}

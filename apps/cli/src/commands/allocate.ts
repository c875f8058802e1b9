/** `alphalora allocate`: from an analysis, or a model, to experts per block. */
import { allocateRobustly, layersOf, loadPolicy } from '@alphalora/allocator';
import {
  type Aggregate,
  type Allocation,
  AlphaLoraError,
  type Analysis,
  type Rounding,
} from '@alphalora/contracts';
import { aggregateBlocks, alternativeScores } from '@alphalora/htsr-core';
import { readDocument } from '../documents.js';
import type { ExitCode, Io } from '../io.js';
import { allocationTable } from '../output/allocation.js';
import { type DeliveryOptions, deliver } from './deliver.js';
import { type MeasuringOptions, measure, withModel } from './measure.js';

/** The published budgets average this many experts per block: 160 for 32 blocks. */
const EXPERTS_PER_BLOCK = 5;

export interface BudgetOptions {
  total?: number;
  policy: string;
  set: Record<string, unknown>;
  rounding: Rounding;
  min?: number;
  max?: number;
  topK: number;
  rank: number;
  seed: number;
}

export async function allocate(
  source: string,
  options: MeasuringOptions & BudgetOptions & DeliveryOptions,
  io: Io,
): Promise<ExitCode> {
  const analysis = source.endsWith('.json')
    ? reaggregated(await readDocument(source, 'analysis'), options.aggregate)
    : await withModel(source, options, io, (checkpoint) =>
        measure({ checkpoint, path: source, source }, options, io),
      );
  const allocation = await allocationFor(analysis, options);
  return deliver(allocation, allocationTable(allocation, io.stdout), analysis, options, io);
}

export async function allocationFor(
  analysis: Analysis,
  options: BudgetOptions,
): Promise<Allocation> {
  const { set, policy, total, min, max, ...rest } = options;
  const { rounding, topK, rank, seed } = rest;
  const { matrices, blocks, options: measured } = analysis;
  const request = {
    layers: layersOf(analysis),
    policy: await loadPolicy(policy),
    options: set,
    budget: {
      total: total ?? EXPERTS_PER_BLOCK * blocks.length,
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
    },
    ...{ rounding, topK, rank, seed },
  };
  return allocateRobustly(request, alternativeScores(matrices, blocks.length, measured.aggregate));
}

/** The same measurements under the given rule from projections to blocks. */
function reaggregated(analysis: Analysis, aggregate: Aggregate): Analysis {
  if (analysis.shard) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      'this is one part of an analysis: join all parts with alphalora merge first',
    );
  }
  if (analysis.options.aggregate === aggregate) return analysis;
  const blocks = aggregateBlocks(analysis.matrices, analysis.blocks.length, aggregate);
  return { ...analysis, options: { ...analysis.options, aggregate }, blocks };
}

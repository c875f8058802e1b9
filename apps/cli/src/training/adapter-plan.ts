/**
 * What a run trains: the experts that an allocation gives a model, or the gate over LoRAs that were
 * trained before (MoLE).
 */
import { openCheckpoint } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { AdapterState } from '@alphalora/molora-tfjs';
import type { DynamicRank } from '@alphalora/molora-tfjs/training';
import { readDocument } from '../files/documents.js';
import type { Io } from '../io.js';
import type { Runtime } from './runtime.js';

export interface AdapterPlanOptions {
  allocation?: string;
  /** Folders of trained adapters. */
  experts?: string[];
  targets?: string[];
  /** @default 16 */
  loraAlpha?: number;
  /** @default 0.05 */
  dropout?: number;
  /** @default top-k, and mole over trained experts */
  router?: string;
  routerSet: Record<string, unknown>;
  dynamicRank?: { initial: number; target: number; max: number };
  growthInterval: number;
  seed: number;
}

export interface AdapterPlan {
  initial: AdapterState;
  /** Where ranks grow. */
  dynamic?: DynamicRank;
}

/**
 * Refuses options that do not go together, before anything is read.
 *
 * @throws AlphaLoraError `INVALID_OPTION`
 */
export function checkAdapterOptions({ molora }: Runtime, options: AdapterPlanOptions): void {
  const { allocation, experts, routerSet } = options;
  if ((allocation === undefined) === (experts === undefined)) {
    throw invalid(
      `train takes either --allocation with what new experts get, or --experts with the folders of trained ones${experts ? ', not both' : ''}`,
    );
  }
  const name = routerName(options);
  const { trainsExperts } = molora.createRouter({ name, options: routerSet });
  if (!experts) {
    if (trainsExperts) return;
    throw invalid(
      `the router ${name} trains a gate over LoRAs that were trained before, and new experts leave it nothing to learn: give the folders of two or more trained adapters with --experts in place of --allocation`,
    );
  }
  if (trainsExperts) {
    throw invalid(`--experts are combined by the router mole, not by ${name}; leave --router out`);
  }
  const given = {
    '--targets': options.targets,
    '--lora-alpha': options.loraAlpha,
    '--dropout': options.dropout,
    '--dynamic-rank': options.dynamicRank,
  };
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined) continue;
    throw invalid(
      `${option} has no effect on --experts, which stay as they were trained; leave it out`,
    );
  }
}

/** @throws AlphaLoraError where the document, the model or an adapter cannot be read or does not fit */
export async function adapterPlan(
  runtime: Runtime,
  model: string,
  options: AdapterPlanOptions,
  io: Pick<Io, 'signal'>,
): Promise<AdapterPlan> {
  const { experts, seed, routerSet } = options;
  const { molora } = runtime;
  if (!experts) return newExperts(runtime, model, options, io);
  const adapters: AdapterState[] = [];
  for (const folder of experts) adapters.push((await molora.loadAdapter(folder)).state);
  const router = { name: routerName(options), options: routerSet };
  return { initial: molora.combineAdapters(adapters, { router, seed }) };
}

async function newExperts(
  { molora }: Runtime,
  model: string,
  options: AdapterPlanOptions,
  io: Pick<Io, 'signal'>,
): Promise<AdapterPlan> {
  const { targets, loraAlpha = 16, dropout = 0.05, routerSet, dynamicRank, seed } = options;
  const allocation = await readDocument(options.allocation!, 'allocation', io);
  const checkpoint = await openCheckpoint(model);
  await checkpoint.close();
  const spec = molora.adapterSpec({
    allocation,
    weights: checkpoint.tensors,
    alpha: loraAlpha,
    dropout,
    router: { name: routerName(options), options: routerSet },
    ...(targets && { targets }),
  });
  if (!dynamicRank) return { initial: { spec, tensors: molora.initialTensors(spec, seed) } };
  const { initial, target, max } = dynamicRank;
  const largest = molora.withLargestRanks(spec, max);
  const dynamic = molora.dynamicRank({
    spec: largest,
    initial,
    target,
    interval: options.growthInterval,
  });
  return { initial: { spec: largest, tensors: molora.initialTensors(largest, seed) }, dynamic };
}

function routerName({ router, experts }: AdapterPlanOptions): string {
  return router ?? (experts ? 'mole' : 'top-k');
}

function invalid(message: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', message);
}

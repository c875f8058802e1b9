/** What `train` trains by its options: new experts as an allocation says, or a gate over trained ones. */
import { type Allocation, AlphaLoraError, defined } from '@alphalora/contracts';
import type { GrowingRanks, NewExperts, TrainedExperts } from '@alphalora/molora-tfjs/node';
import { readDocument } from '../files/documents.js';
import type { Io } from '../io.js';

export interface ExpertsOptions {
  allocation?: string;
  /** Folders of trained adapters. */
  experts?: string[];
  targets?: string[];
  loraAlpha?: number;
  dropout?: number;
  dynamicRank?: Pick<GrowingRanks, 'initial' | 'target' | 'max'>;
  growthInterval: number;
}

/**
 * Refuses options that do not go together, before anything is read.
 *
 * @throws AlphaLoraError `INVALID_OPTION`
 */
export function checkExperts(options: ExpertsOptions): void {
  const { allocation, experts } = options;
  if ((allocation === undefined) === (experts === undefined)) {
    throw invalid(
      `train takes either --allocation with what new experts get, or --experts with the folders of trained ones${experts ? ', not both' : ''}`,
    );
  }
  if (!experts) return;
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

/** @throws AlphaLoraError where the document of the allocation cannot be read */
export async function expertsOf(
  options: ExpertsOptions,
  io: Pick<Io, 'signal'>,
): Promise<NewExperts | TrainedExperts<string>> {
  const { experts, targets, loraAlpha, dropout, growthInterval } = options;
  if (experts) return { experts };
  const allocation: Allocation = await readDocument(options.allocation!, 'allocation', io);
  const dynamicRank = options.dynamicRank && { ...options.dynamicRank, interval: growthInterval };
  return { allocation, ...defined({ targets, alpha: loraAlpha, dropout, dynamicRank }) };
}

function invalid(message: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', message);
}

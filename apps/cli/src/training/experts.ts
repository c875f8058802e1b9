/** What `train` trains by its options: new experts as an allocation says, a trained adapter, or a gate over trained ones. */
import { type Allocation, AlphaLoraError, defined } from '@alphalora/contracts';
import type {
  GrowingRanks,
  NewExperts,
  TrainedBefore,
  TrainedExperts,
} from '@alphalora/molora-tfjs/node';
import { readDocument } from '../files/documents.js';
import type { Io } from '../io.js';

export interface ExpertsOptions {
  allocation?: string;
  /** Folders of trained adapters. */
  experts?: string[];
  /** Folder of a trained adapter. */
  from?: string;
  targets?: string[];
  loraAlpha?: number;
  dropout?: number;
  dynamicRank?: Pick<GrowingRanks, 'initial' | 'target' | 'max'>;
  growthInterval: number;
  growthRule?: GrowingRanks['rule'];
}

/**
 * Refuses options that do not go together, before anything is read.
 *
 * @throws AlphaLoraError `INVALID_OPTION`
 */
export function checkExperts(options: ExpertsOptions): void {
  const { allocation, experts, from, dynamicRank, growthRule } = options;
  if (growthRule !== undefined && dynamicRank === undefined) {
    throw invalid('--growth-rule has an effect with --dynamic-rank only; give both');
  }
  if ([allocation, experts, from].filter((given) => given !== undefined).length !== 1) {
    throw invalid(
      'train takes one of: --allocation with what new experts get; --experts with the folders of trained ones; --from with the folder of an adapter to train on',
    );
  }
  if (allocation !== undefined) return;
  const given = {
    '--targets': options.targets,
    '--lora-alpha': options.loraAlpha,
    ...(experts && { '--dropout': options.dropout }),
    '--dynamic-rank': options.dynamicRank,
  };
  const kept = experts
    ? '--experts, which stay as they were trained'
    : '--from, which keeps its own';
  for (const [option, value] of Object.entries(given)) {
    if (value !== undefined) throw invalid(`${option} has no effect on ${kept}; leave it out`);
  }
}

/** @throws AlphaLoraError where the document of the allocation cannot be read */
export async function expertsOf(
  options: ExpertsOptions,
  io: Pick<Io, 'signal'>,
): Promise<NewExperts | TrainedExperts<string> | TrainedBefore<string>> {
  const { experts, from, targets, loraAlpha, dropout, growthInterval, growthRule } = options;
  if (experts) return { experts };
  if (from !== undefined) return { from, ...defined({ dropout }) };
  const allocation: Allocation = await readDocument(options.allocation!, 'allocation', io);
  const dynamicRank = options.dynamicRank && {
    ...options.dynamicRank,
    interval: growthInterval,
    ...defined({ rule: growthRule }),
  };
  return { allocation, ...defined({ targets, alpha: loraAlpha, dropout, dynamicRank }) };
}

function invalid(message: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', message);
}

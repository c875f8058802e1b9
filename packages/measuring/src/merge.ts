/** The whole analysis from the parts that `shard` divided it into. */
import type { Analysis } from '@alphalora/contracts';
import { joinParts, type Part } from '@alphalora/documents';
import { aggregateStacks } from '@alphalora/htsr-core';
import { withModelDigest } from './pipeline/identity.js';

/**
 * @returns what one machine would have written, but for the time that it took
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the parts overlap, leave gaps, or stem from
 *   different models, options or versions
 */
export function mergeParts(parts: readonly Part[]): Analysis {
  return withModelDigest(joinParts(parts, aggregateStacks));
}

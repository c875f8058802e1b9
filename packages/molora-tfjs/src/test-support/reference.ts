/** Reference numbers that lie beside the repository. */
import { sharedJson } from '@alphalora/testing/repository';

export interface GoldenCase {
  checkpoint: string;
  text: string;
  ids: number[];
  /** Mean negative log-likelihood of ids[1:], in nats. */
  nll: number;
  /** At the last position. */
  logits: number[];
}

/** Float64 forward passes of the checkpoints, by another implementation. */
export function goldenLogits(): GoldenCase[] {
  return sharedJson<{ cases: GoldenCase[] }>('reference/golden-logits.json').cases;
}

/** Checkpoints and reference numbers that lie beside the repository. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const sharedFolder: string = fileURLToPath(
  new URL('../../../../../shared', import.meta.url),
);

/** Why tests that need the data are skipped; empty when it is there. */
export const withoutShared: string = existsSync(`${sharedFolder}/data`)
  ? ''
  : ' (skipped: ../shared is absent)';

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
  if (withoutShared) return [];
  return JSON.parse(readFileSync(`${sharedFolder}/reference/golden-logits.json`, 'utf8')).cases;
}

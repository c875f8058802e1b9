/** What an analysis says of quantized weights: rounding adds a bulk to a spectrum. */
import type { Analysis } from '@alphalora/contracts';
import { quantizationOf } from '@alphalora/contracts/weights';

export interface Quantized {
  /** Measured matrices that are quantized. */
  readonly count: number;
  /** Measured matrices in all. */
  readonly of: number;
  /** What they are quantized in, each once, in the order of the rows. */
  readonly schemes: readonly string[];
}

/** The measured matrices that are quantized; undefined where none is. */
export function quantizedMatrices({ matrices }: Pick<Analysis, 'matrices'>): Quantized | undefined {
  const measured = matrices.filter(({ status }) => status === 'ok');
  const schemes = measured.map(quantizationOf).filter((scheme) => scheme !== undefined);
  if (schemes.length === 0) return undefined;
  return { count: schemes.length, of: measured.length, schemes: [...new Set(schemes)] };
}

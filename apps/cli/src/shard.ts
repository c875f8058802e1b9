/** The option `--shard`: which of the parts of a model one machine measures. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Shard } from '@alphalora/measuring';

/** @throws AlphaLoraError `INVALID_OPTION` unless the text is `i/n` with 1 <= i <= n */
export function parseShard(text: string): Shard {
  const [, i, n] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const [index, count] = [Number(i), Number(n)];
  if (index >= 1 && index <= count) return { index, count };
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `--shard must look like 2/8, from 1/8 to 8/8, not ${text}`,
  );
}

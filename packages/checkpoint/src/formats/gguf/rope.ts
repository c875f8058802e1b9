/**
 * Scaling of the positions that a file has as a tensor, `rope_freqs`: a divisor for each frequency. Llama 3.1
 * and later have it, and their config.json says it by four numbers, which are looked for here
 * (`_compute_llama3_parameters` of huggingface/transformers).
 */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';

/** In the words of `rope_scaling` of a config.json. */
export type Scaling = Readonly<Record<string, unknown>>;

/** Of all Llama models so far. */
const LOW = 1;
const HIGH = 4;
const ORIGINAL = 8192;
/** A head has half as many frequencies as numbers, and the largest have 512. */
const MOST_FREQUENCIES = 4096;

/** @returns `llama3`, or a type that no model has where the divisors are others than its */
export async function scalingOf(
  divisors: StoredTensor,
  theta: number,
  signal?: AbortSignal,
): Promise<Scaling> {
  const unknown = { rope_type: 'by the divisors of rope_freqs' };
  const [length = 0] = divisors.shape;
  if (divisors.shape.length !== 1 || length > MOST_FREQUENCIES) return unknown;
  const values = await divisors.read(0, length, signal);
  const factor = Math.max(...values);
  const fits = values.every((value, i) => {
    const wavelength = 2 * Math.PI * theta ** (i / length);
    return Math.abs(value / divisorAt(wavelength, factor) - 1) < 1e-3;
  });
  if (!fits) return unknown;
  return {
    rope_type: 'llama3',
    factor,
    low_freq_factor: LOW,
    high_freq_factor: HIGH,
    original_max_position_embeddings: ORIGINAL,
  };
}

/** Tensors of a divisor for each frequency: for texts as long as those of the pretraining, and for longer ones. */
export interface LongDivisors {
  readonly short: StoredTensor;
  readonly long: StoredTensor;
}

/**
 * Phi-3's scaling of the positions.
 *
 * @param attentionFactor of queries and keys, where the file says it
 */
export async function longScalingOf(
  { short, long }: LongDivisors,
  attentionFactor: number | undefined,
  signal?: AbortSignal,
): Promise<Scaling> {
  const read = async ({ shape, read }: StoredTensor): Promise<number[]> => {
    const [length = 0] = shape;
    return shape.length === 1 && length <= MOST_FREQUENCIES
      ? [...(await read(0, length, signal))]
      : [];
  };
  return {
    rope_type: 'longrope',
    short_factor: await read(short),
    long_factor: await read(long),
    ...defined({ attention_factor: attentionFactor }),
  };
}

function divisorAt(wavelength: number, factor: number): number {
  if (wavelength < ORIGINAL / HIGH) return 1;
  if (wavelength > ORIGINAL / LOW) return factor;
  const smooth = (ORIGINAL / wavelength - LOW) / (HIGH - LOW);
  return 1 / ((1 - smooth) / factor + smooth);
}

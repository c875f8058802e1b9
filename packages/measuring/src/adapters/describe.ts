/**
 * What a trained adapter consists of, and how many of its ranks it uses.
 *
 * The used rank of an update is its stable rank, ||BA||_F^2 / ||BA||_2^2 (Rudelson and Vershynin, "Sampling
 * from large matrices", 2007, section 1): at most the rank, and 1 where one direction is all. From the
 * singular values of the factors' core; the product is never formed.
 */
import { type Adapter, adapterCheckpoint, type LoraUpdate } from '@alphalora/checkpoint';
import { defined } from '@alphalora/contracts';
import { decomposedFactors, type LowRankDecomposition } from '@alphalora/htsr-core/low-rank';

/** One LoRA: a module's, or one expert's of a module. */
export interface DescribedUpdate {
  /** Its module in the model. */
  readonly module: string;
  readonly expert?: number;
  readonly block?: number;
  readonly role?: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly rank: number;
  readonly scale: number;
  readonly dtype: string;
  /** Of its factors. */
  readonly parameters: number;
  /** 0 for an update of zeros, as of an adapter that was not trained. */
  readonly usedRank: number;
  /** ||scale B A||_F */
  readonly norm: number;
}

/** Where the update of a module belongs. */
type Place = Pick<DescribedUpdate, 'block' | 'role'>;

/** The roles of the modules, by name. */
function placesOf(adapter: Adapter): ReadonlyMap<string, Place> {
  const once = [...new Map(adapter.updates.map((update) => [update.module, update])).values()];
  const { tensors } = adapterCheckpoint({ ...adapter, updates: once, saved: [] });
  return new Map(
    tensors.map(({ name, block, role }) => [
      name.replace(/\.weight$/, ''),
      defined({ block, role }),
    ]),
  );
}

/**
 * Reads the factors, one update at a time.
 *
 * @param adapter of a mixture opened with `expert: 'each'`
 * @throws AlphaLoraError `NO_SPECTRUM` when a factor contains NaN or infinity
 */
export async function describeUpdates(
  adapter: Adapter,
  { signal }: { signal?: AbortSignal } = {},
): Promise<DescribedUpdate[]> {
  const places = placesOf(adapter);
  const described: DescribedUpdate[] = [];
  for (const update of adapter.updates) {
    signal?.throwIfAborted();
    const { module, expert, inputs, outputs, rank, scale, dtype } = update;
    const { singularValues } = await decompose(update, signal);
    const [largest = 0] = singularValues;
    const squares = singularValues.reduce((sum, value) => sum + (value / (largest || 1)) ** 2, 0);
    described.push({
      module,
      ...defined({ expert }),
      ...places.get(module),
      ...{ inputs, outputs, rank, scale, dtype },
      parameters: parametersOf(update, rank),
      usedRank: squares,
      norm: largest * Math.sqrt(squares),
    });
  }
  return described;
}

/** The singular values of scale B A, a convolution's kernels laid out as rows. */
export function decompose(
  update: LoraUpdate,
  signal: AbortSignal | undefined,
): Promise<LowRankDecomposition> {
  const { rank, scale, readA, readB } = update;
  const factors = { rank, scale, left: readB, right: readA };
  return decomposedFactors(factors, [update.outputs, columnsOf(update)], signal);
}

/** Inputs of the update as a matrix: those of each point of a kernel. */
function columnsOf({ inputs, kernel = [] }: LoraUpdate): number {
  return kernel.reduce((product, side) => product * side, inputs);
}

/** Of factors of this rank. */
export function parametersOf(update: LoraUpdate, rank: number): number {
  return rank * (update.outputs + columnsOf(update));
}

/** Two models, projection by projection: how far apart their weights are. */
import { weightPartners } from '@alphalora/checkpoint/differences';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import type { Distance, WeightDescription } from '@alphalora/contracts/weights';
import type { ModelComparison } from '@alphalora/documents/comparison';
import { spectralUnits, unaskedReason, unfitReason } from '@alphalora/htsr-core';
import { unitDistance } from '@alphalora/htsr-core/distances';
import { fastestEngine } from './engines/choice.js';
import type { OpenedModel } from './models/open.js';

export interface DistancesOptions {
  /** Computes CKA too, which takes as long as measuring the spectra of both models. @default false */
  cka?: boolean;
  signal?: AbortSignal;
  onProgress?: (done: number, count: number, name: string) => void;
}

/**
 * Distances of the weights of two models, which may differ in format, type and names. No more than some
 * megabytes of a matrix are held; for CKA, what the engine holds.
 *
 * @throws AlphaLoraError `INVALID_OPTION` for adapters, and for models that share no matrix
 */
export async function modelDistances(
  a: OpenedModel,
  b: OpenedModel,
  options: DistancesOptions = {},
): Promise<ModelComparison> {
  const { cka = false, signal, onProgress } = options;
  for (const { checkpoint, name } of [a, b]) {
    if (checkpoint.adapterFormat === undefined) continue;
    throw new AlphaLoraError('INVALID_OPTION', `${name} is an adapter: give models, or analyses`);
  }
  const { pairs, without, more } = weightPartners(a.checkpoint, b.checkpoint, b.name);
  const units = pairs.flatMap(([one, other]) => {
    if (!isMeasured(one)) return [];
    const theirs = spectralUnits(other);
    return spectralUnits(one).map((unit, i) => [unit, theirs[i]!] as const);
  });
  if (units.length === 0) {
    throw new AlphaLoraError('INVALID_OPTION', `${a.name} and ${b.name} have no matrix in common`);
  }
  const engine = cka ? await fastestEngine() : undefined;
  const matrices: ModelComparison['matrices'] = [];
  try {
    for (const [done, [unit, other]] of units.entries()) {
      onProgress?.(done, units.length, unit.name);
      const { name, block, role, shape } = unit;
      matrices.push({
        name,
        ...(other.name !== name && { nameInB: other.name }),
        ...defined({ block, role }),
        shape,
        ...(await unitDistance(unit, other, { engine, signal })),
      });
    }
  } finally {
    await engine?.close?.();
  }
  const unmatchedInA = [...without].filter(([weight]) => isMeasured(weight));
  const side = (
    { name: source, checkpoint: { architecture } }: OpenedModel,
    unmatched: ModelComparison['a']['unmatched'],
  ): ModelComparison['a'] => ({ source, ...defined({ architecture }), unmatched });
  return {
    ...({ kind: 'comparison', of: 'models' } as const),
    a: side(
      a,
      unmatchedInA.map(([{ name }, reason]) => ({ name, reason })),
    ),
    b: side(
      b,
      more.filter(isMeasured).map(({ name }) => ({ name, reason: `not in ${a.name}` })),
    ),
    matrices,
    mean: meanOf(matrices),
  };
}

/** Whether an analysis would measure it unasked. */
function isMeasured(weight: WeightDescription): boolean {
  return (unfitReason(weight) ?? unaskedReason(weight)) === undefined;
}

function meanOf(rows: readonly Distance[]): Distance {
  const mean = (field: keyof Distance): number | undefined => {
    const values = rows.flatMap((row) => row[field] ?? []);
    if (values.length === 0) return undefined;
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return {
    euclidean: mean('euclidean')!,
    raw: mean('raw')!,
    ...defined({ relative: mean('relative'), cka: mean('cka') }),
  };
}

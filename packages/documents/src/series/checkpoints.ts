/** The checkpoints of one model over training: their order, and short names for them. */
import type { Analysis } from '@alphalora/contracts';

/** An analysis of a checkpoint, and what it is called: a path, or any other name. */
export interface Checkpoint {
  name: string;
  analysis: Analysis;
}

/** As people count, `step-900` before `step-1000`; shells sort them the other way around. */
export function inNaturalOrder<Named extends { name: string }>(given: readonly Named[]): Named[] {
  const { compare } = new Intl.Collator('en', { numeric: true });
  return given.toSorted((a, b) => compare(a.name, b.name));
}

/**
 * Paths without the folders that all of them begin with, the parts that all of them end with, and
 * `.json`: `runs/step-1/analysis.json` and `runs/step-2/analysis.json` are `step-1` and `step-2`.
 */
export function shortNames(paths: readonly string[]): string[] {
  if (paths.length < 2) return [...paths];
  const parts = paths.map((path) => path.replace(/\.json$/i, '').split(/[\\/]+/));
  const shared = (at: number): boolean =>
    parts.every((own) => own.length > 1 && own.at(at) === parts[0]!.at(at));
  while (shared(0)) for (const own of parts) own.shift();
  while (shared(-1)) for (const own of parts) own.pop();
  const short = parts.map((own) => own.join('/'));
  return new Set(short).size < new Set(paths).size ? [...paths] : short;
}

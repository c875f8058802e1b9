/**
 * Modules with a value of their own (a factor, bits, sparsity), by their names in memory. Names begin with
 * the list of blocks that they are in, with as much before it as tells it from every other list of the model.
 */
import { namesInMemory } from '@alphalora/checkpoint';
import { type Allocation, AlphaLoraError } from '@alphalora/contracts';
import { printable } from '@alphalora/documents';
import { distinctNames } from './lora/names.js';

export interface ValuedModule {
  readonly name: string;
  /** What stands before it on disk. */
  readonly before: readonly string[];
  /** Whether it is a parameter, not a module. */
  readonly parameter: boolean;
  /** The mean of its matrices, weighted by their sizes. */
  readonly value: number;
  /** Of each matrix on disk that it holds. */
  readonly values: readonly number[];
}

/**
 * @returns in the checkpoint's order
 * @throws AlphaLoraError `INVALID_DOCUMENT` when the allocation has no names, or a projection no value
 */
export function valuedModules(allocation: Allocation, format: string): ValuedModule[] {
  const { projections, model, budget } = allocation;
  if (!projections || projections.length === 0) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `the format ${format} needs the names of the projections, and this allocation has none: ` +
        'run alphalora allocate on an analysis.json, which knows them, not on a file of scores',
    );
  }
  const held = new Map<string, ReturnType<typeof namesInMemory>[number] & { own: Matrix[] }>();
  for (const { name, value, inputs, outputs } of projections) {
    if (value === undefined) {
      throw new AlphaLoraError(
        'INVALID_DOCUMENT',
        `${JSON.stringify(name)} has no value in this allocation of ${budget.unit}`,
      );
    }
    for (const place of namesInMemory(name, model?.architecture)) {
      const key = [...place.before, place.name].join('.');
      const one = held.get(key) ?? { ...place, own: [] };
      one.own.push({ value, size: inputs * outputs });
      held.set(key, one);
    }
  }
  const modules = [...held.values()].map(({ own, ...place }) => ({
    ...place,
    value: meanOf(own),
    values: own.map(({ value }) => value),
  }));
  const others = (model?.others ?? []).flatMap((name) =>
    namesInMemory(name.replaceAll('*', '0'), model?.architecture),
  );
  const named = distinctNames([...modules, ...others], model);
  return modules.map((own, i) => ({ ...own, name: named[i]!.name, before: named[i]!.before }));
}

/** What is lost where the matrices that a module holds were to have different values. */
export function notesOnMixed(
  modules: readonly ValuedModule[],
  what: string,
  gets: string,
): string[] {
  const mixed = modules.filter(({ values }) => values.some((value) => value !== values[0]));
  if (mixed.length === 0) return [];
  return [
    `${mixed.length} of ${modules.length} modules hold several matrices with different ${what} and get ${gets} of theirs: ${printable(mixed[0]!.name)}`,
  ];
}

interface Matrix {
  value: number;
  size: number;
}

/** Exactly the value where all have the same. */
function meanOf(matrices: readonly Matrix[]): number {
  const [{ value } = { value: 0 }] = matrices;
  if (matrices.every((own) => own.value === value)) return value;
  const sum = (of: (own: Matrix) => number): number =>
    matrices.reduce((all, own) => all + of(own), 0);
  return sum(({ value: own, size }) => own * size) / sum(({ size }) => size);
}

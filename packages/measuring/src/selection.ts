/** Which matrices are measured: those that were asked for by patterns over names, or the usual ones. */
import type { Checkpoint } from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import type { WeightDescription, WeightTensor } from '@alphalora/contracts/weights';
import { chosenStack, type StackNames } from '@alphalora/documents';
import { type SpectralUnit, unaskedReason } from '@alphalora/htsr-core';
import { globMatcher } from './glob.js';
import { measurableUnits } from './pipeline/measurer.js';

export interface SelectionOptions {
  /** Patterns: only weights with matching names are measured, whatever their kind. */
  include?: string[];
  /** Patterns: weights with matching names are left out. */
  exclude?: string[];
  /** Only the weights in the blocks of this stack are measured, which becomes the main one. */
  stack?: string;
}

/** The stacks of a checkpoint by their names. */
export function stacksOf({ stacks }: Pick<Checkpoint, 'stacks'>): StackNames {
  const named = (isMain: boolean) =>
    stacks.filter(({ main }) => main === isMain).map(({ name }) => name);
  return { main: named(true), others: named(false) };
}

/** `true` includes, a text excludes with that reason, undefined leaves it to the default. */
export type Choice = (weight: WeightDescription) => true | string | undefined;

/**
 * @throws AlphaLoraError `INVALID_OPTION` when a pattern matches no weight, `NOT_FOUND` for a stack that
 *   the model has not
 */
export function selection(
  { include, exclude, stack: text }: SelectionOptions,
  checkpoint: Pick<Checkpoint, 'tensors' | 'stacks'>,
): Choice {
  const { tensors: weights } = checkpoint;
  const names = stacksOf(checkpoint);
  const only = text === undefined ? undefined : chosenStack(names, text);
  const isInside = ({ block, stack }: WeightDescription): boolean =>
    stack ? stack.name === only : block !== undefined && names.main.includes(only!);
  const matcher = (option: string, glob: string): ((name: string) => boolean) => {
    const matches = globMatcher(glob);
    if (weights.some(({ name }) => matches(name))) return matches;
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${option} '${glob}' matches no weight of the model; alphalora inspect lists their names`,
    );
  };
  const included = include?.map((glob) => matcher('--include', glob));
  const excluded = exclude?.map((glob) => ({ glob, matches: matcher('--exclude', glob) }));
  return (weight) => {
    const { name } = weight;
    if (only !== undefined && !isInside(weight)) return `not in a block of ${only}`;
    const exclusion = excluded?.find(({ matches }) => matches(name));
    if (exclusion) return `excluded by --exclude '${exclusion.glob}'`;
    if (!included) return undefined;
    return included.some((matches) => matches(name)) || 'not matched by --include';
  };
}

/** The matrices that would be measured. */
export function unitsOf(weights: readonly WeightTensor[], choice: Choice): SpectralUnit[] {
  return measurableUnits(weights).filter(
    (unit) => (choice(unit) ?? unaskedReason(unit) ?? true) === true,
  );
}

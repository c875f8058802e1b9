/** Which matrices are measured: those that were asked for by patterns over names, or the usual ones. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { WeightDescription, WeightTensor } from '@alphalora/contracts/weights';
import { type SpectralUnit, unaskedReason } from '@alphalora/htsr-core';
import { globMatcher } from './glob.js';
import { measurableUnits } from './pipeline/measurer.js';

export interface SelectionOptions {
  /** Patterns: only weights with matching names are measured, whatever their kind. */
  include?: string[];
  /** Patterns: weights with matching names are left out. */
  exclude?: string[];
}

/** `true` includes, a text excludes with that reason, undefined leaves it to the default. */
export type Choice = (weight: WeightDescription) => true | string | undefined;

/** @throws AlphaLoraError `INVALID_OPTION` when a pattern matches no weight */
export function selection(
  { include, exclude }: SelectionOptions,
  weights: readonly WeightDescription[],
): Choice {
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
  return ({ name }) => {
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

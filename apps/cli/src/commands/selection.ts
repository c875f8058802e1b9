/** Which matrices the user asked for, by patterns over their names. */
import { AlphaLoraError, type WeightDescription } from '@alphalora/contracts';
import { globMatcher } from './glob.js';

/** `true` includes, a text excludes with that reason, undefined leaves it to the default. */
export type Choice = (weight: WeightDescription) => true | string | undefined;

/** @throws AlphaLoraError `INVALID_OPTION` when a pattern matches no weight */
export function selection(
  { include, exclude }: { include?: string[]; exclude?: string[] },
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

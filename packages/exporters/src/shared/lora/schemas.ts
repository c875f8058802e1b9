/** What the schemas of trainers on top of PEFT take otherwise than PEFT does. */
import { AlphaLoraError } from '@alphalora/contracts';
import { escaped } from './patterns.js';
import type { LoraSettings } from './settings.js';

/** Target modules without `exclude_modules`: a list, or an expression where some are to be left alone. */
export function modulesOf({ modules, exclude }: LoraSettings): readonly string[] | string {
  if (exclude === undefined) return modules;
  return `(?!${exclude}$)(?:.*\\.)?(?:${modules.map(escaped).join('|')})`;
}

/** @throws AlphaLoraError `INVALID_OPTION` for an alpha that is not a whole number */
export function requireWholeAlphas({ alpha, alphaPattern }: LoraSettings, trainer: string): void {
  const odd = [alpha, ...Object.values(alphaPattern)].find((own) => !Number.isSafeInteger(own));
  if (odd === undefined) return;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${trainer} takes whole numbers for alpha, and a module would get ${odd}: ` +
      'choose an alpha that is a multiple of the largest rank, or another scaling',
  );
}

/** Which matrices are measured: those that were asked for by patterns over names, or the usual ones. */
import type { Checkpoint } from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import type { WeightDescription } from '@alphalora/contracts/weights';
import { chosenStack, type StackNames } from '@alphalora/documents';
import { type SpectralUnit, unaskedReason, unfitReason } from '@alphalora/htsr-core';
import { suggestion, type WeightPattern, weightPattern, whatThereIs } from './patterns.js';
import { measurableUnits } from './pipeline/measurer.js';

export interface SelectionOptions {
  /**
   * Only weights that match one of these are measured, whatever their kind: a role (`q_proj`), the end of a
   * module's name (`self_attn.q_proj`), or with `*` or `?` a pattern of whole names (`*.layers.0.*`).
   */
  include?: string[];
  /** Weights that match one of these are left out. */
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

export interface Selection {
  readonly choice: Choice;
  /** The matrices that are measured. */
  readonly units: readonly SpectralUnit[];
  /** A warning for each pattern that matches nothing. */
  readonly notes: readonly string[];
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` where patterns leave nothing to measure, `NOT_FOUND` for a stack
 *   that the model does not have
 */
export function selection(
  { include = [], exclude = [], stack: text }: SelectionOptions,
  checkpoint: Pick<Checkpoint, 'tensors' | 'stacks'>,
): Selection {
  const names = stacksOf(checkpoint);
  const only = text === undefined ? undefined : chosenStack(names, text);
  const isInside = ({ block, stack }: WeightDescription): boolean =>
    stack ? stack.name === only : block !== undefined && names.main.includes(only!);
  const included = include.map((glob) => namedPattern('--include', glob));
  const excluded = exclude.map((glob) => namedPattern('--exclude', glob));
  const choice: Choice = (weight) => {
    if (only !== undefined && !isInside(weight)) return `not in a block of ${only}`;
    const exclusion = excluded.find(({ matches }) => matches(weight));
    if (exclusion) return `excluded by ${exclusion.words}`;
    if (include.length === 0) return undefined;
    return included.some(({ matches }) => matches(weight)) || 'not matched by --include';
  };

  const measurable = measurableUnits(checkpoint.tensors);
  const all: readonly WeightDescription[] = [...checkpoint.tensors, ...measurable];
  const unmatched = [...included, ...excluded].filter(({ matches }) => !all.some(matches));
  const units = measurable.filter((unit) => (choice(unit) ?? unaskedReason(unit) ?? true) === true);
  // Where nothing can be measured at all, patterns are not the reason.
  if (units.length === 0 && measurable.length > 0 && include.length + exclude.length > 0) {
    throw nothingLeft(
      unmatched,
      all.filter((weight) => choice(weight) === true),
      measurable,
    );
  }
  const notes = unmatched.map(
    (pattern) => `${unmatchedText(pattern, measurable)}; ${whatThereIs(measurable)}`,
  );
  return { choice, units, notes };
}

interface NamedPattern {
  readonly glob: string;
  /** With the option that it was given to. */
  readonly words: string;
  readonly matches: WeightPattern;
}

function namedPattern(option: string, glob: string): NamedPattern {
  return { glob, words: `${option} '${glob}'`, matches: weightPattern(glob) };
}

function nothingLeft(
  unmatched: readonly NamedPattern[],
  matched: readonly WeightDescription[],
  measurable: readonly WeightDescription[],
): AlphaLoraError {
  const reasons = new Set(matched.flatMap((weight) => unfitReason(weight) ?? []));
  const why =
    reasons.size > 0
      ? [`what --include matches cannot be measured (${[...reasons].join('; ')})`]
      : unmatched.map((pattern) => unmatchedText(pattern, measurable));
  return new AlphaLoraError(
    'INVALID_OPTION',
    `no matrix is left to measure: ${why.join('; ') || 'the patterns leave out all'}; ${whatThereIs(measurable)}`,
  );
}

function unmatchedText(
  { words, glob }: NamedPattern,
  measurable: readonly WeightDescription[],
): string {
  return `${words} matches no weight${suggestion(glob, measurable)}`;
}

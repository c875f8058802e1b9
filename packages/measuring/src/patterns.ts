/**
 * What users name weights by: a pattern with `*` or `?` is one of whole names (see `glob.ts`). Any other
 * is a role, such as `q_proj`, or the end of a module's name that begins at a dot, as `target_modules` of
 * PEFT are: `self_attn.q_proj` is in `model.layers.0.self_attn.q_proj.weight`, `self_attn` names no weight.
 */
import type { WeightDescription } from '@alphalora/contracts/weights';
import { distance } from 'fastest-levenshtein';
import { globMatcher, hasWildcards } from './glob.js';

type Named = Pick<WeightDescription, 'name' | 'role'>;

export type WeightPattern = (weight: Named) => boolean;

/** @throws AlphaLoraError `INVALID_OPTION` for a pattern with too many alternatives */
export function weightPattern(pattern: string): WeightPattern {
  const matches = globMatcher(pattern);
  if (hasWildcards(pattern)) return ({ name }) => matches(name);
  return ({ name, role = '' }) =>
    [name, moduleOf(name), role].some((text) => endingsOf(text).some(matches));
}

/** `h.0.attn.c_attn` of `h.0.attn.c_attn.weight[q]`. */
function moduleOf(name: string): string {
  return name.split('[')[0]!.replace(/\.weight$/, '');
}

/** `a.b.c`, `b.c` and `c` of `a.b.c`. */
function endingsOf(text: string): string[] {
  const parts = text.split('.');
  return parts.map((_, i) => parts.slice(i).join('.'));
}

/** Roles that a message lists. */
const MOST_LISTED = 12;
/** Characters of names that are compared: longer ones are no slips of the pen. */
const LONGEST_COMPARED = 60;

/** The pattern that was probably meant, in brackets behind a message; empty where none is near. */
export function suggestion(pattern: string, weights: readonly Named[]): string {
  const within = (...globs: string[]): string | undefined =>
    pattern === '' || hasWildcards(pattern)
      ? undefined
      : globs.find((glob) => weights.some(({ name }) => globMatcher(glob)(name)));
  const part = within(`${pattern}.*`, `*.${pattern}.*`);
  if (part !== undefined) return ` ('${part}' does)`;
  const spelling = nearestSpelling(pattern, weights);
  if (spelling !== undefined) return ` (did you mean '${spelling}'?)`;
  const text = within(`*${pattern}*`);
  return text === undefined ? '' : ` ('${text}' does)`;
}

/** The nearest name by edits, where they are few. */
function nearestSpelling(pattern: string, weights: readonly Named[]): string | undefined {
  const text = pattern.replaceAll(/[*?\\]/g, '').replaceAll(/^\.+|\.+$/g, '');
  if (text === '' || text.length > LONGEST_COMPARED) return undefined;
  const [nearest] = [...spellingsOf(weights)]
    .map((spelling) => ({ spelling, edits: distance(text, spelling) }))
    .sort((a, b) => a.edits - b.edits);
  const isNear = nearest !== undefined && nearest.edits <= Math.max(1, text.length / 3);
  return isNear ? nearest.spelling : undefined;
}

/** Roles, and the last one and two parts of the names of modules, without numbers. */
function spellingsOf(weights: readonly Named[]): Set<string> {
  const all = weights.flatMap(({ name, role = '' }) => {
    const parts = moduleOf(name).split('.');
    return [role, parts.at(-1)!, parts.slice(-2).join('.')];
  });
  return new Set(
    all.filter((text) => text !== '' && text.length <= LONGEST_COMPARED && !/(^|\.)\d/.test(text)),
  );
}

/** `there are q_proj (30), k_proj (30), ..., such as model.layers.0.self_attn.q_proj.weight` */
export function whatThereIs(weights: readonly Named[]): string {
  const roles = new Map<string, number>();
  for (const { role } of weights)
    if (role !== undefined) roles.set(role, (roles.get(role) ?? 0) + 1);
  const listed = [...roles].slice(0, MOST_LISTED).map(([role, count]) => `${role} (${count})`);
  if (roles.size > MOST_LISTED) listed.push('...');
  const example = weights.find(({ role }) => role !== undefined) ?? weights[0]!;
  return listed.length === 0
    ? `there are weights such as ${example.name}`
    : `there are ${listed.join(', ')}; a name is ${example.name}`;
}

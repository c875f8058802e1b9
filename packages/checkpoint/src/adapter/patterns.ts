/**
 * `rank_pattern` and `alpha_pattern` of a PEFT configuration: values for some modules, by name.
 *
 * PEFT (`get_pattern_key`) takes each key for a regular expression and matches `(.*\.)?(key)$` from
 * the beginning of the module's name; the first key that matches counts. Most keys are plain names,
 * or written by `pattern-keys.ts`: those are looked up, with the dots of plain names taken for dots.
 * The others go through `expression.ts`.
 */
import { invalid, quoted, unsupported } from '../errors.js';
import { isObject } from '../json.js';
import {
  compileExpression,
  type Expression,
  ExpressionError,
  type StepBudget,
  StepBudgetError,
} from './expression.js';
import { moduleOfKey, withoutFirstPart } from './pattern-keys.js';

/** The value for a module, and the key that it stands under. */
export type PatternLookup = (module: string) => { key: string; value: unknown } | undefined;

/** About a second of work; the configurations of large models take a thousandth of it. */
const MOST_STEPS = 3e7;

const plainKey = /^\^?[\w-]+(\.[\w-]+)*$/;

interface Entry {
  rank: number;
  key: string;
  value: unknown;
}

/**
 * @param value of the configuration's `setting`; null and nothing are no patterns
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is no object or a key no regular expression,
 *   `UNSUPPORTED_CHECKPOINT` when a key uses what `expression.ts` does not understand
 */
export function patternLookup(setting: string, value: unknown, file: string): PatternLookup {
  if (value === undefined || value === null) return () => undefined;
  if (!isObject(value)) throw invalid(`${setting} is not an object`, { file });
  /** `^name` stands for the whole name, `name` also for its end. */
  const plain = new Map<string, Entry>();
  /** By the name that the key was written for. */
  const written = new Map<string, Entry>();
  const expressions: Array<Entry & { matches: Expression }> = [];
  const steps: StepBudget = { left: MOST_STEPS };
  bounded(() => {
    Object.entries(value).forEach(([key, given], rank) => {
      const entry = { rank, key, value: given };
      const module = moduleOfKey(key);
      const name = key.replaceAll('\\.', '.');
      if (module !== undefined) {
        if (!written.has(module)) written.set(module, entry);
      } else if (!plainKey.test(name)) {
        expressions.push({ ...entry, matches: compile(key, steps, setting, file) });
      } else if (!plain.has(name)) plain.set(name, entry);
    });
  });
  return (module) => {
    const named = [
      ...[`^${module}`, ...endsOf(module)].map((name) => plain.get(name)),
      ...[module, withoutFirstPart(module) ?? module].map((name) => written.get(name)),
    ].filter((entry) => entry !== undefined);
    const first = named.reduce((best, { rank }) => Math.min(best, rank), Infinity);
    return (
      bounded(() => expressions.find(({ rank, matches }) => rank < first && matches(module))) ??
      named.find(({ rank }) => rank === first)
    );
  };

  function bounded<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof StepBudgetError)) throw cause;
      throw unsupported(
        `matching ${setting} with the modules takes too long; write the names out in place of regular expressions`,
        { file, cause },
      );
    }
  }
}

/** A name, and what follows each of its dots. */
function endsOf(module: string): string[] {
  const parts = module.split('.');
  return parts.map((_, i) => parts.slice(i).join('.'));
}

function compile(key: string, steps: StepBudget, setting: string, file: string): Expression {
  try {
    return compileExpression(`(.*\\.)?(${key})$`, steps);
  } catch (cause) {
    if (!(cause instanceof ExpressionError)) throw cause;
    const what = `${setting}: the key ${quoted(key)} cannot be read as a regular expression, as ${cause.message}`;
    const place = { file, cause };
    throw cause.known
      ? unsupported(`${what}; write the names of the modules out`, place)
      : invalid(what, place);
  }
}

/**
 * The keys of PEFT's `rank_pattern` and `alpha_pattern` as they are written here: one for each module
 * that differs from the rest. `patterns.ts` reads them, and everybody else's.
 *
 * PEFT 0.15 and later match `(.*\.)?(key)$` from the beginning of a module's name, and the first key
 * that matches counts; earlier versions put another part of the name before every key, so that none
 * of these matches. `^` binds a key to the beginning of the name.
 */

/** One LoRA on one module. */
export interface LoraModule {
  /** Its name in the model: that of its weight, without `.weight`. */
  readonly module: string;
  readonly rank: number;
  /** The update is alpha / rank times the product of the factors. */
  readonly alpha: number;
}

/** Settings of PEFT's `LoraConfig` that give every module its rank and alpha. */
export interface LoraPatterns {
  /** The largest rank. */
  readonly r: number;
  /** The alpha of the first module of that rank. */
  readonly lora_alpha: number;
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
}

/** @param modules at least one, with unique names */
export function loraPatterns(modules: readonly LoraModule[]): LoraPatterns {
  const { rank: r, alpha } = modules.reduce((most, own) => (own.rank > most.rank ? own : most));
  /** Names that are other modules' without their first parts. */
  const ends = new Set(
    modules.map(({ module }) => withoutFirstPart(module)).filter((end) => end !== undefined),
  );
  const patternOf = (what: 'rank' | 'alpha', common: number): Record<string, number> =>
    Object.fromEntries(
      modules
        .filter((own) => own[what] !== common)
        .map((own) => [keyOf(own.module, ends.has(own.module)), own[what]]),
    );
  return {
    r,
    lora_alpha: alpha,
    rank_pattern: patternOf('rank', r),
    alpha_pattern: patternOf('alpha', alpha),
  };
}

/** lora_alpha for a scaling; a whole number where one gives the same scaling. */
export function alphaOf(rank: number, scaling: number): number {
  const whole = Math.round(scaling * rank);
  return whole / rank === scaling ? whole : scaling * rank;
}

/** One part may precede. */
const start = '^(?:[^.]+\\.)?';

/**
 * A key for one module. A checkpoint of a bare model lacks the first part of its names in a model
 * with a head (`h.0.attn.c_attn` is `transformer.h.0.attn.c_attn` there), so one part may precede,
 * unless that is the name of another module. PEFT sorts the keys when it saves, so that their order
 * cannot decide. The characters that are special in Python's expressions are escaped.
 *
 * @param whole whether the key is for that name alone
 */
function keyOf(module: string, whole: boolean): string {
  return `${whole ? '^' : start}${module.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`;
}

/** The module that a key was written for here; undefined for a key of others. */
export function moduleOfKey(key: string): string | undefined {
  if (!key.startsWith(start)) return undefined;
  const module = key.slice(start.length).replace(/\\([\\^$.*+?()[\]{}|])/g, '$1');
  return keyOf(module, false) === key ? module : undefined;
}

/** What follows the first part of a name; undefined where there is only one. */
export function withoutFirstPart(module: string): string | undefined {
  const dot = module.indexOf('.');
  return dot > 0 ? module.slice(dot + 1) : undefined;
}

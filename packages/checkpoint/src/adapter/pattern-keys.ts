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
  const largest = modules.reduce((most, own) => (own.rank > most.rank ? own : most));
  const { rank: r, alpha } = largest;
  const ordered = byReach(modules);
  return {
    ...{ r, lora_alpha: alpha },
    rank_pattern: patternOf(ordered, 'rank', r),
    alpha_pattern: patternOf(ordered, 'alpha', alpha),
  };
}

interface Reached extends LoraModule {
  /** Whether the key of another module matches it as well. */
  readonly shared: boolean;
}

/** Those that another module's key matches as well come before that one. */
function byReach(modules: readonly LoraModule[]): Reached[] {
  const names = new Set(modules.map(({ module }) => module));
  const reached = modules.map((own) => {
    const rest = withoutFirstPart(own.module);
    return { ...own, shared: rest !== own.module && names.has(rest) };
  });
  // One part may precede: the longer name is the one that is matched twice.
  const depth = ({ module, shared }: Reached): number => (shared ? module.split('.').length : 0);
  return reached.sort((a, b) => depth(b) - depth(a));
}

function patternOf(
  modules: readonly Reached[],
  what: 'rank' | 'alpha',
  common: number,
): Record<string, number> {
  if (modules.every((own) => own[what] === common)) return {};
  return Object.fromEntries(
    modules.flatMap((own) =>
      own[what] === common && !own.shared ? [] : [[patternKey(own.module), own[what]]],
    ),
  );
}

const start = '^(?:[^.]+\\.)?';

/**
 * A key for one module. A checkpoint of a bare model lacks the first part of its names in a model
 * with a head (`h.0.attn.c_attn` is `transformer.h.0.attn.c_attn` there), so one part may precede.
 * The characters that are special in Python's expressions are escaped.
 */
function patternKey(module: string): string {
  return `${start}${module.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`;
}

/** The module that a key was written for here; undefined for a key of others. */
export function moduleOfKey(key: string): string | undefined {
  if (!key.startsWith(start)) return undefined;
  const module = key.slice(start.length).replace(/\\([\\^$.*+?()[\]{}|])/g, '$1');
  return patternKey(module) === key ? module : undefined;
}

/** What follows the first part of a name, or all of it where there is only one. */
export function withoutFirstPart(module: string): string {
  const dot = module.indexOf('.');
  return dot > 0 ? module.slice(dot + 1) : module;
}

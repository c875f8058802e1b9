import { describe, expect, it } from 'vitest';
import { type LoraModule, loraPatterns } from './pattern-keys.js';
import { patternLookup } from './patterns.js';

/**
 * PEFT's rule, said again: the first key that matches from the beginning of the name counts. Its
 * `save_pretrained` has sorted them.
 */
function byPeft(pattern: Readonly<Record<string, number>>, module: string): number | undefined {
  const keys = Object.keys(pattern).sort();
  const key = keys.find((own) => new RegExp(`^(?:(.*\\.)?(${own})$)`).test(module));
  return key === undefined ? undefined : pattern[key];
}

function loras(entries: ReadonlyArray<readonly [string, number, number?]>): LoraModule[] {
  return entries.map(([module, rank, alpha = rank]) => ({ module, rank, alpha }));
}

/** Of every module: rank and alpha by PEFT's rule, by the reader here, and as asked for. */
function check(modules: readonly LoraModule[], prefix = ''): void {
  const { r, lora_alpha, rank_pattern, alpha_pattern } = loraPatterns(modules);
  const ranks = patternLookup('rank_pattern', rank_pattern, 'file');
  const alphas = patternLookup('alpha_pattern', alpha_pattern, 'file');
  for (const { module, rank, alpha } of modules) {
    const name = `${prefix}${module}`;
    expect([name, byPeft(rank_pattern, name) ?? r]).toEqual([name, rank]);
    expect([name, byPeft(alpha_pattern, name) ?? lora_alpha]).toEqual([name, alpha]);
    expect([name, ranks(name)?.value ?? r]).toEqual([name, rank]);
    expect([name, alphas(name)?.value ?? lora_alpha]).toEqual([name, alpha]);
  }
}

const llama = loras([
  ['model.layers.0.q_proj', 2, 4],
  ['model.layers.1.q_proj', 4, 4],
  ['model.layers.11.q_proj', 3, 12],
]);
const hostile = loras([
  ['h.0.a+b(c)[d]{2}|e$', 1],
  ['h.0.x*y?^z', 2],
  ['h.0.back\\slash', 3],
  ['h.0.ünïcode 层', 4],
  ['h.0.__proto__', 5],
  ['h.0.a-b', 6],
  ['alone', 7],
]);

describe('the patterns of an adapter', () => {
  it.each([
    ['names of a model', llama],
    ['names that are special in regular expressions', hostile],
  ])('give each module its rank and alpha: %s', (_, modules) => {
    check(modules);
    check(modules, 'transformer.');
  });

  it('hold for modules whose names end alike', () => {
    const ends = ['layers.0.q', 'vision.layers.0.q', 'all.vision.layers.0.q', 'text.layers.0.q'];
    for (let rotation = 0; rotation < ends.length; rotation++) {
      const names = ends.map((_, i) => ends[(i + rotation) % ends.length]!);
      check(loras(names.map((name, i) => [name, i + 1, 2 * ((i + 1) % 3)] as const)));
    }
  });

  it('bind no module that is not meant', () => {
    const { rank_pattern } = loraPatterns(llama);
    const ranks = patternLookup('rank_pattern', rank_pattern, 'file');
    for (const name of ['model.layers.0.q_proj2', 'a.b.model.layers.0.q_proj', 'layers.0.q_proj']) {
      expect([name, byPeft(rank_pattern, name), ranks(name)]).toEqual([name, undefined, undefined]);
    }
  });

  it('are empty where all are alike', () => {
    expect(loraPatterns(loras([['a.x', 2, 8] as const, ['x', 2, 8] as const]))).toEqual({
      r: 2,
      lora_alpha: 8,
      rank_pattern: {},
      alpha_pattern: {},
    });
  });

  it('of the largest models are read without matching expressions', () => {
    // 128 blocks of 64 modules: as expressions, each key against each name, beyond any limit.
    const names = Array.from({ length: 128 * 64 }, (_, i) => {
      return `model.language_model.layers.${Math.floor(i / 64)}.mlp.experts.${i % 64}.down_proj`;
    });
    const modules = loras(names.map((name, i) => [name, 1 + (i % 7)] as const));
    const { rank_pattern } = loraPatterns(modules);
    const ranks = patternLookup('rank_pattern', rank_pattern, 'file');
    expect(modules.map(({ module }) => ranks(module)?.value ?? 7)).toEqual(
      modules.map(({ rank }) => rank),
    );
  });
});

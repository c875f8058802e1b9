import { describe, expect, it } from 'vitest';
import { patternOf } from './patterns.js';

type Wanted = Record<string, number>;

/** PEFT's rule, said again: the first key that matches from the beginning; it has sorted them. */
function byPeft(pattern: Wanted, module: string, common: number): number {
  const key = Object.keys(pattern)
    .sort()
    .find((own) => new RegExp(`^(?:(.*\\.)?(${own})$)`).test(module));
  return key === undefined ? common : pattern[key]!;
}

function check(
  wanted: Wanted,
  prefixes: readonly string[] = ['', 'model.', 'model.language_model.'],
) {
  const targets = Object.keys(wanted).map((name) => ({ name, before: [] }));
  const common = Math.max(...Object.values(wanted));
  const pattern = patternOf(targets, ({ name }) => wanted[name]!, common);
  for (const [name, value] of Object.entries(wanted)) {
    for (const prefix of prefixes) {
      expect([prefix, name, byPeft(pattern, `${prefix}${name}`, common)]).toEqual([
        prefix,
        name,
        value,
      ]);
    }
  }
  return pattern;
}

describe('the keys of a pattern', () => {
  it('are one for each block whose modules have the same', () => {
    const blocks = [0, 1, 10, 11].flatMap((block) =>
      ['self_attn.q_proj', 'mlp.up_proj'].map((path) => [`layers.${block}.${path}`, block + 1]),
    );
    expect(check(Object.fromEntries(blocks))).toEqual({
      'layers\\.0\\..+': 1,
      'layers\\.1\\..+': 2,
      'layers\\.10\\..+': 11,
    });
  });

  it('are written out where the modules of a block differ', () => {
    expect(check({ 'layers.0.a': 2, 'layers.0.b': 3, 'layers.1.a': 4, 'layers.1.b': 4 })).toEqual({
      'layers\\.0\\.a': 2,
      'layers\\.0\\.b': 3,
    });
  });

  it('hold for blocks in stages, and for the halves of an encoder-decoder', () => {
    check({
      'layers.0.blocks.0.q': 1,
      'layers.0.blocks.0.k': 1,
      'layers.0.blocks.1.q': 2,
      'layers.0.blocks.1.k': 2,
      'layers.1.blocks.0.q': 3,
      'layers.1.blocks.0.k': 3,
    });
    check({
      'encoder.block.0.layer.0.q': 1,
      'encoder.block.0.layer.1.wi': 1,
      'decoder.block.0.layer.0.q': 2,
      'decoder.block.0.layer.1.wi': 2,
    });
  });

  it('hold for names that end alike, in any order', () => {
    const names = ['layers.0.q', 'vision.layers.0.q', 'all.vision.layers.0.q', 'text.layers.0.q'];
    for (let rotation = 0; rotation < names.length; rotation++) {
      const rotated = names.map((_, i) => names[(i + rotation) % names.length]!);
      check(Object.fromEntries(rotated.map((name, i) => [name, i + 1])), ['']);
    }
  });

  it('hold for names that are special in expressions', () => {
    check({ 'h.0.a+b(c)[d]{2}|e$': 1, 'h.0.x*y?^z': 2, 'h.0.back\\slash': 3, alone: 4, 'a.b': 5 });
  });

  it('are none where all have the same', () => {
    expect(check({ 'layers.0.a': 4, 'layers.1.a': 4 })).toEqual({});
  });
});

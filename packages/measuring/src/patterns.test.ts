import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suggestion, weightPattern, whatThereIs } from './patterns.js';

const q = { name: 'model.layers.0.self_attn.q_proj.weight', role: 'q_proj' };
const k = { name: 'model.layers.10.self_attn.k_proj.weight', role: 'k_proj' };
const up = { name: 'model.layers.0.mlp.up_proj.weight', role: 'up_proj' };
const fused = { name: 'h.0.attn.c_attn.weight[q]', role: 'q_proj' };
const expert = { name: 'model.layers.0.mlp.experts.gate_up_proj[gate][3]', role: 'gate_proj' };
const key = { name: 'encoder.layer.0.attention.self.key.weight', role: 'key' };
const embedding = { name: 'model.embed_tokens.weight' };

describe('weightPattern', () => {
  it.each([
    // Roles.
    ['q_proj', q, true],
    ['q_proj', k, false],
    ['q_proj', fused, true],
    ['gate_proj', expert, true],
    ['proj', q, false],
    // Ends of the names of modules, as PEFT takes target_modules.
    ['self_attn.q_proj', q, true],
    ['elf_attn.q_proj', q, false],
    ['0.self_attn.q_proj', k, false],
    ['model.layers.0.self_attn.q_proj', q, true],
    ['attention.self.key', key, true],
    ['c_attn', fused, true],
    ['experts.gate_up_proj', expert, true],
    ['embed_tokens', embedding, true],
    ['self_attn', q, false],
    ['layers.0', q, false],
    ['{q,k}_proj', q, true],
    ['{q,k}_proj', k, true],
    ['{q,k}_proj', up, false],
    // Whole names, and their ends.
    ['model.layers.0.self_attn.q_proj.weight', q, true],
    ['q_proj.weight', q, true],
    ['c_attn.weight[q]', fused, true],
    ['c_attn.weight[k]', fused, false],
    // With wildcards, whole names alone.
    ['q_*', q, false],
    ['*q_proj*', q, true],
    ['*q_proj*', fused, false],
    ['*.layers.0.*', k, false],
    ['*.layers.1?.*', k, true],
    ['*.q_proj', q, false],
    ['\\*', q, false],
    ['', q, false],
  ])('%j of %j: %s', (pattern, weight, expected) => {
    expect(weightPattern(pattern)(weight)).toBe(expected);
  });

  it('takes a module by every end of its name that PEFT takes, and no other', () => {
    const part = fc.stringMatching(/^[a-z_]{1,3}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), part, (parts, target) => {
        const module = parts.join('.');
        // PEFT's check_target_module_exists: key == target, or key.endswith("." + target).
        const expected = module === target || module.endsWith(`.${target}`);
        expect(weightPattern(target)({ name: `${module}.weight` })).toBe(
          expected || target === 'weight',
        );
      }),
    );
  });
});

describe('suggestion', () => {
  it.each([
    ['qproj', " (did you mean 'q_proj'?)"],
    ['*qproj*', " (did you mean 'q_proj'?)"],
    ['q_pro', " (did you mean 'q_proj'?)"],
    ['self_attn.qproj', " (did you mean 'self_attn.q_proj'?)"],
    ['self_attn', " ('*.self_attn.*' does)"],
    ['layers.0', " ('*.layers.0.*' does)"],
    ['model.layers.0', " ('model.layers.0.*' does)"],
    ['embed', " ('*embed*' does)"],
    ['convolution', ''],
    ['*', ''],
    ['x'.repeat(100_000), ''],
  ])('for %j: %s', (pattern, expected) => {
    expect(suggestion(pattern, [q, k, up, embedding])).toBe(expected);
  });
});

describe('whatThereIs', () => {
  it('counts roles and gives a name', () => {
    expect(whatThereIs([embedding, q, q, up])).toBe(
      'there are q_proj (2), up_proj (1); a name is model.layers.0.self_attn.q_proj.weight',
    );
    expect(whatThereIs([embedding])).toBe('there are weights such as model.embed_tokens.weight');
    const many = Array.from({ length: 13 }, (_, i) => ({ name: 'a', role: `r${i}` }));
    expect(whatThereIs(many)).toMatch(/r11 \(1\), \.\.\.; a name is a$/);
  });
});

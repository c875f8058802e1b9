import { expect, it } from 'vitest';
import { identify } from './index.js';
import { notesOnRoles } from './listed-roles.js';

const notes = (...modules: string[]) =>
  notesOnRoles(
    modules.map((module) => {
      const name = `model.layers.0.${module}.weight`;
      return { name, shape: [64, 64], dtype: 'F32' as const, ...identify(name, [64, 64]) };
    }),
  );

it('says nothing of roles that a family is known to have', () => {
  expect(notes('self_attn.q_proj', 'mlp.experts.0.w1', 'attn.to_out.0', 'norm')).toEqual([]);
});

it('says which roles are nothing but the names of modules', () => {
  expect(notes('cell.igate', 'cell.ogate', 'mlp.up_proj')).toEqual([
    expect.stringMatching(/no table of families has them \(igate, ogate\): every matrix/),
  ]);
  expect(notes(...'abcdefg'.split('').map((letter) => `cell.${letter}x`))[0]).toMatch(
    /\(ax, bx, cx, dx, ex, and 2 more\)/,
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression, ExpressionError, StepBudgetError } from './expression.js';

const matches = (expression: string, text: string, left = 1e6): boolean =>
  compileExpression(expression, { left })(text);

describe('an expression', () => {
  it.each([
    ['layers.[0-3].q_proj', 'layers.2.q_proj', true],
    ['layers.[0-3].q_proj', 'layers.4.q_proj', false],
    ['layers\\.(0|1|2[0-9])\\.mlp', 'layers.27.mlp', true],
    ['layers\\.(0|1|2[0-9])\\.mlp', 'layersX27.mlp', false],
    ['[^a-y]\\d{2,3}', 'z1234', false],
    ['[^a-y]\\d{2,3}', 'z123', true],
    ['(?:ab)*?c', 'ababc', true],
    ['a{2}', 'aaa', false],
    ['a{}', 'a{}', true],
    ['a{,2}', 'aaa', false],
    ['[]x]+', ']x]', true],
    ['^a$', 'a', true],
    ['b^a', 'ba', false],
    ['(a$|ab)c?', 'a', true],
    ['()*', '', true],
  ])('%s on %s: %s', (expression, text, expected) => {
    // As Python's re.fullmatch says.
    expect(matches(expression, text)).toBe(expected);
  });

  it('matches as the engine of the language does', () => {
    const leaf = fc.constantFrom('a', 'b', '.', '\\.', '[ab]', '[^a]', '\\d', '1', '^', '$', '');
    const { expression } = fc.letrec<{ expression: string }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `${a}${b}`),
        fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a}|${b})`),
        fc
          .tuple(tie('expression'), fc.constantFrom('*', '+', '?', '{2}', '{1,}', '{0,2}', '+?'))
          .map(([a, quantifier]) => `(?:${a})${quantifier}`),
      ),
    }));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '.'), maxLength: 8 });
    fc.assert(
      fc.property(expression, text, (source, given) => {
        expect(matches(source, given)).toBe(new RegExp(`^(?:${source})$`).test(given));
      }),
      { seed: 1, numRuns: 3000 },
    );
  });

  it.each([
    ['(a+)+b', 'a'.repeat(500)],
    ['(a|a)*b', 'a'.repeat(500)],
    ['(a*)*(a*)*(a*)*b', 'a'.repeat(500)],
    ['(.*)(.*)(.*)(.*)(.*)x', '.'.repeat(500)],
  ])('%s, which exhausts others, takes linear time', (expression, text) => {
    // Some tens of states for each character.
    expect(matches(expression, text, 50_000)).toBe(false);
  });

  it.each(['((a{100}){100}){100}', '(){999999999}', '(a?){99999}', '(()|()){9999999}'])(
    'stops %s, which would be built for ever',
    (expression) => {
      expect(() => matches(expression, 'a')).toThrow(StepBudgetError);
    },
  );

  it.each([
    ['(?=a)', true],
    ['(?P<x>a)', true],
    ['\\bq', true],
    ['(a)\\1', true],
    ['a*+', true],
    ['a'.repeat(1001), true],
    ['(a', false],
    ['a)', false],
    ['[a', false],
    ['*a', false],
    ['a{3,2}', false],
    ['[b-a]', false],
    ['a\\', false],
  ])('refuses %s', (expression, known) => {
    expect(() => matches(expression, 'a')).toThrow(ExpressionError);
    expect(() => matches(expression, 'a')).toThrow(expect.objectContaining({ known }));
  });
});

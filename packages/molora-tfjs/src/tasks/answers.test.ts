/** What is found in outputs, and what must not be. */
import type { Example } from '@alphalora/contracts/extensions';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedWork } from '../test-support/counted-work.js';
import { answerIn, firstLabel, isRight, lastNumber } from './answers.js';

describe('lastNumber', () => {
  it.each<[string, number | undefined]>([
    ['There were 7 - 3 = 4 crayons. The answer is 4.', 4],
    ['#### 18', 18],
    ['The answer is 0.125 mile.', 0.125],
    ['It costs $1,234.50.', 1234.5],
    ['He has 1,234,567 of them', 1234567],
    ['Take 3, 4 or 12', 12],
    ['the pairs 1,2', 2],
    ['the answer is -5', -5],
    ['the answer is \u22125.', -5],
    ['8-3', 3],
    ['10 - 3', 3],
    ['it is $.50', 0.5],
    ['it is -.5 degrees', -0.5],
    ['about 25%', 25],
    ['A2', 2],
    ['in the year 2000, 12', 12],
    ['no number', undefined],
    ['', undefined],
    ['...', undefined],
    ['- . ,', undefined],
  ])('of %j', (text, expected) => {
    expect(lastNumber(text)).toBe(expected);
  });

  it('is found wherever it stands', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.stringMatching(/^[a-z ,.!?$]*$/),
        fc.stringMatching(/^[a-z !?%]*$/),
        (value, before, after) => {
          expect(lastNumber(`${before} ${value}${after}`)).toBe(value);
          const written = value.toLocaleString('en-US');
          expect(lastNumber(`${before} ${written} ${after}`)).toBe(value);
        },
      ),
      { seed: 1 },
    );
  });

  it.each(['1', '1,', '1.', '-', '.', ',111', '1-'])(
    'is found in time that grows with the text: %s again and again',
    async (part) => {
      const work = (times: number) => countedWork(() => lastNumber(part.repeat(times)));
      expect((await work(800)) / (await work(400))).toBeLessThan(2.1);
    },
  );
});

const answers = ['answer1', 'answer2', 'answer3', 'answer4'];
const letters = ['A', 'B', 'C', 'D', 'E'];

describe('firstLabel', () => {
  it.each<[string, string[], string | undefined]>([
    ['the correct answer is answer2', answers, 'answer2'],
    ['answer3 answer1', answers, 'answer3'],
    ['ANSWER4!', answers, 'answer4'],
    ['answer10', answers, undefined],
    ['answer5', answers, undefined],
    ['the answer is 2', answers, undefined],
    ['the correct answer is false', ['true', 'false'], 'false'],
    ['True.', ['true', 'false'], 'true'],
    ['untrue', ['true', 'false'], undefined],
    ['option1', ['option1', 'option2'], 'option1'],
    ['The answer is (D).', letters, 'D'],
    ['Rationale: A train ... so the answer is C', letters, 'C'],
    ['The answer is (B). No: the answer is (E).', letters, 'E'],
    ['Answer: (B)', letters, 'B'],
    ['answer:D', letters, 'D'],
    ['B', letters, 'B'],
    ['E) 12', letters, 'E'],
    ['Because of that, option C', letters, 'C'],
    ['Answer: Because', letters, undefined],
    ["A's", letters, undefined],
    ['the answer is a', letters, undefined],
    ['', letters, undefined],
  ])('of %j', (text, labels, expected) => {
    expect(firstLabel(text, labels)).toBe(expected);
  });

  it('takes labels for text, not for expressions', () => {
    expect(firstLabel('a+b', ['a+b', '(c'])).toBe('a+b');
    expect(firstLabel('aab', ['a+b', '(c'])).toBeUndefined();
  });
});

describe('answerIn', () => {
  const texts = ['food', 'food web', 'water.'];
  const example = {
    prompt: 'Question: What?\nAnswer:',
    completion: ' food web',
    answer: 'food web',
    options: texts.map((label) => ({ label, completion: ` ${label}` })),
  };

  it.each<[string, string | undefined]>([
    [' food', 'food'],
    [' food web', 'food web'],
    ['It is the food web.', 'food web'],
    ['Food, no water.', 'food'],
    ['water.', 'water.'],
    ['a stone', undefined],
  ])('of %j among texts that contain one another', (output, expected) => {
    expect(answerIn(output, example)).toBe(expected);
  });
});

describe('isRight', () => {
  const right = (output: string, example: Omit<Example, 'prompt' | 'completion'>): boolean => {
    const whole = { prompt: '', completion: '', ...example };
    return isRight(answerIn(output, whole), whole);
  };

  it.each<[string, string, boolean]>([
    ['The answer is 9.', '9.0', true],
    ['The answer is 9.001.', '9.0', true],
    ['The answer is 9.002.', '9.0', false],
    ['1.8333', '1.8333333333333335', true],
    ['9 is wrong, 8', '9.0', false],
    ['none', '9.0', false],
    ['', '0', false],
  ])('%j for the number %s: %s', (output, answer, expected) => {
    expect(right(output, { answer })).toBe(expected);
  });

  it('compares labels', () => {
    const options = answers.map((label) => ({ label, completion: label }));
    expect(right('it is answer2', { answer: 'answer2', options })).toBe(true);
    expect(right('it is answer1', { answer: 'answer2', options })).toBe(false);
    expect(right('it is', { answer: 'answer2', options })).toBe(false);
  });

  it('compares texts without the space around them', () => {
    expect(right(' Bees.\n', { answer: 'Bees.' })).toBe(true);
    expect(right('bees', { answer: 'Bees.' })).toBe(false);
  });
});

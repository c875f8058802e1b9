/**
 * Tasks in the wording of the released code of MoLA (github.com/GCYZSL/MoLA) and AlphaLoRA
 * (github.com/peijunallin/alphalora).
 *
 * ScienceQA is published: its records here are those of MoLA's samples, byte for byte. Of the five
 * others only what is searched for in outputs is: the letter in `The answer is A.`, or the words
 * `entailment` or `not entailment` (RTE), `equivalent` or `not equivalent` (MRPC), `acceptable` or
 * `unacceptable` (CoLA) after `Answer: `. How they ask is not published; the questions here are an
 * interpretation in the form of ScienceQA's.
 */
import type { Example } from '@alphalora/contracts/extensions';
import { alpacaPrompt } from './alpaca.js';
import type { Question } from './instructions.js';
import { damaged } from './records.js';

const LETTERS = 'ABCDEFGH';

/** @param context what the question is about; empty where there is nothing */
export function lettered(
  { question, choices, right }: Question,
  place: string,
  context = '',
): Example {
  if (choices.length < 2 || choices.length > LETTERS.length || choices[right] === undefined) {
    throw damaged(place, `answer ${right} is none of its ${choices.length} choices`);
  }
  const letters = [...LETTERS.slice(0, choices.length)];
  const listed = choices.map((choice, i) => `(${letters[i]}) ${choice}`).join(' ');
  return answered(
    `Context: ${context || 'N/A'}\nQuestion: ${question}\nOptions: ${listed}\n`,
    letters,
    letters[right]!,
    (letter) => `Answer: The answer is ${letter}.`,
  );
}

/** @param labels what there is to answer, in words */
export function inWords(
  question: string,
  context: string,
  labels: readonly string[],
  answer: string,
): Example {
  return answered(
    `Context: ${context}\nQuestion: ${question}\nOptions: ${labels.join(', ')}\n`,
    labels,
    answer,
    (label) => `Answer: ${label}`,
  );
}

function answered(
  instruction: string,
  labels: readonly string[],
  answer: string,
  completion: (label: string) => string,
): Example {
  return {
    prompt: alpacaPrompt(instruction),
    completion: completion(answer),
    answer,
    options: labels.map((label) => ({ label, completion: completion(label) })),
  };
}

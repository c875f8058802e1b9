/**
 * What an output says: the number, label or letter in generated text.
 *
 * As in the evaluation of LLM-Adapters (github.com/AGI-Edgerunners/LLM-Adapters): of numbers the last
 * counts, of labels the first, and numbers are equal to within 0.001. Where that code misreads, this
 * does not follow it: there every comma is dropped ("1,2" is 12), ".5" is 5, "8-3" ends in -3,
 * "True" is no "true", and the A of "Answer: (B)" is the letter A.
 */
import type { Example } from '@alphalora/contracts/extensions';

const TOLERANCE = 0.001;

/** The last number of a text; undefined where there is none. */
export function lastNumber(text: string): number | undefined {
  const plain = text.replaceAll('\u2212', '-').replace(/(?<=\d),(?=\d{3}(?!\d))/g, '');
  const found = plain.match(/(?<![\d.])-?(?:\d+\.?\d*|\.\d+)/g);
  return found ? Number(found.at(-1)) : undefined;
}

/**
 * The first of the labels that stands in a text as a word. Of single letters, the one that the last
 * "answer is" or "answer:" names, and only where there is none the first that stands alone.
 */
export function firstLabel(text: string, labels: readonly string[]): string | undefined {
  const choice = labels.map((label) => label.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');
  if (labels.every((label) => /^[A-Z]$/.test(label))) {
    const named = [
      ...text.matchAll(new RegExp(`[Aa]nswer(?: is)?:?\\s*\\(?(${choice})(?![\\w'])`, 'g')),
    ].at(-1);
    return (named ?? new RegExp(`(?<![\\w'])(${choice})(?![\\w'])`).exec(text))?.[1];
  }
  const word = new RegExp(`(?<!\\w)(?:${choice})(?!\\w)`, 'i').exec(text)?.[0].toLowerCase();
  return labels.find((label) => label.toLowerCase() === word);
}

/**
 * The answer in an output for an example: one of its labels, a number where the right answer is one,
 * otherwise the text itself. Undefined where there is none.
 */
export function answerIn(output: string, { answer, options }: Example): string | undefined {
  if (options) {
    return firstLabel(
      output,
      options.map(({ label }) => label),
    );
  }
  if (answer !== undefined && isNumeric(answer)) return lastNumber(output)?.toString();
  return output.trim() || undefined;
}

/** Whether an answer is the right one. */
export function isRight(given: string | undefined, { answer, options }: Example): boolean {
  if (given === undefined || answer === undefined) return false;
  if (options || !isNumeric(answer)) return given === answer.trim();
  return Math.abs(Number(given) - Number(answer)) <= TOLERANCE;
}

function isNumeric(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text.trim());
}

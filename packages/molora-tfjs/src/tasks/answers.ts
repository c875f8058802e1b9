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
  // Of labels that begin alike, the longest that is there.
  const choice = labels
    .toSorted((a, b) => b.length - a.length)
    .map((label) => label.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('|');
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
 * otherwise the text itself, or what of it stands where the example's own output has the answer. Undefined where there
 * is none.
 */
export function answerIn(
  output: string,
  { answer, options, completion }: Example,
): string | undefined {
  if (options) {
    const labels = options.map(({ label }) => label);
    // The text of an answer may contain that of another.
    return labels.find((label) => label === output.trim()) ?? firstLabel(output, labels);
  }
  if (answer !== undefined && isNumeric(answer)) return lastNumber(output)?.toString();
  const text = output.trim();
  const right = answer?.trim();
  if (right === undefined || text === right || completion.trim() === right)
    return text || undefined;
  return answerWithin(text, right, completion.trim());
}

/** Whether a model that gives an example's own output is right; also where there is no answer to compare with. */
export function isSelfConsistent(example: Example): boolean {
  if (example.answer === undefined) return true;
  return isRight(answerIn(example.completion, example), example);
}

/**
 * A text after the words that come before the answer in the example's own output: `entailment` of
 * `Answer: entailment`. As in the evaluation of AlphaLoRA it has to be the whole answer up to a mark or the
 * end of the line: neither `not entailment` nor `entailment is wrong` is `entailment`.
 */
function answerWithin(text: string, right: string, completion: string): string | undefined {
  const at = right === '' ? -1 : lastWordsAt(completion, right);
  if (at < 0) return undefined;
  const before = completion.slice(0, at);
  // The words of the same sentence that lead to it.
  const lead = before
    .slice(before.lastIndexOf('\n') + 1)
    .split(/[.!?]\s/)
    .at(-1)!
    .trim();
  const isFirst = before.trim() === lead;
  const rest = lead === '' ? lineOf(text, isFirst) : lineAfter(text, lead, isFirst);
  if (rest === undefined) return undefined;
  const follows = rest.slice(right.length);
  if (rest.startsWith(right) && /^\s*(?:$|[^\w\s])/.test(follows)) return right;
  return /^[^\n.,;:!?<]*/.exec(rest)![0].trim() || undefined;
}

/** Where words stand last, not as a part of others. */
function lastWordsAt(text: string, words: string): number {
  for (
    let at = text.lastIndexOf(words);
    at >= 0;
    at = at === 0 ? -1 : text.lastIndexOf(words, at - 1)
  ) {
    const [before, after] = [text[at - 1] ?? ' ', text[at + words.length] ?? ' '];
    if (!(isWord(before) && isWord(words[0]!)) && !(isWord(after) && isWord(words.at(-1)!)))
      return at;
  }
  return -1;
}

function isWord(character: string): boolean {
  return /\w/.test(character);
}

function lineOf(text: string, first: boolean): string {
  return text
    .split('\n')
    .at(first ? 0 : -1)!
    .trim();
}

/** The rest of the line after the first or the last such words. */
function lineAfter(text: string, lead: string, first: boolean): string | undefined {
  const at = first ? text.indexOf(lead) : text.lastIndexOf(lead);
  return at < 0 ? undefined : lineOf(text.slice(at + lead.length), true);
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

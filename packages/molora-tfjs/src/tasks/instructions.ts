/**
 * Instructions (instruction, input, output; of LLM-Adapters also answer) under the Alpaca template,
 * and the two forms that other data sets are given here, in the wording of LLM-Adapters
 * (arXiv 2304.01933): choices, and statements that are true or false.
 */
import type { Example, ExampleOption } from '@alphalora/contracts/extensions';
import { alpacaPrompt } from './alpaca.js';
import { type DataRecord, damaged, textOf, textOrNone } from './records.js';

/** @param labels what the options must look like, where the task knows */
export function instructionExample(record: DataRecord, labels?: RegExp): Example {
  const instruction = textOf(record, 'instruction');
  const { fields, place } = record;
  // Some exports write null where there is none.
  const input = fields['input'] === undefined ? '' : textOrNone(record, 'input');
  const given = answerOf(record);
  const output = textOrNone(record, 'output');
  const options = optionsOf(instruction, given, output.trim());
  if (labels && !options?.every(({ label }) => labels.test(label))) {
    const found = options?.map(({ label }) => label).join(', ') ?? 'none';
    throw damaged(place, `its options (${found}) are not those of this task; give its own data`);
  }
  const chosen = options?.find(({ label }) => label === given);
  if (options && !chosen) {
    const found = options.map(({ label }) => label).join(', ');
    throw damaged(place, `its answer ${JSON.stringify(given)} is none of its options (${found})`);
  }
  const answer = given ?? output.trim();
  return {
    prompt: alpacaPrompt(instruction, input),
    // Test sets may come without worked answers.
    completion: output.trim() === '' ? (chosen?.completion ?? answer) : output,
    answer,
    ...(options && { options }),
  };
}

function answerOf(record: DataRecord): string | undefined {
  const answer = record.fields['answer'] ?? undefined;
  if (answer === undefined || ['number', 'boolean'].includes(typeof answer)) {
    return answer?.toString();
  }
  return textOf(record, 'answer').trim();
}

/**
 * `Answer format: true/false` at the end; `(A) 23 (B) 27` or `A ) 23 , B ) 27` where the answer is
 * such a letter.
 */
function optionsOf(
  instruction: string,
  answer: string | undefined,
  output: string,
): ExampleOption[] | undefined {
  const [, format] = /Answer format: (\w{1,40}(?:\/\w{1,40})+)\s*$/.exec(instruction) ?? [];
  if (format !== undefined && answer !== undefined) return format.split('/').map(choiceOption);
  if (!/^[A-H]$/.test(answer ?? '')) return undefined;
  const letters = [...instruction.matchAll(/(?<!\w)\(?([A-H]) ?\)/g)].map(([, letter]) => letter!);
  const labels = 'ABCDEFGH'.split('').filter((letter) => letters.includes(letter));
  // In the words that are learned, where they lead to the letter and to nothing else.
  const [, before = 'The answer is (', after = ').'] =
    /^((?:Answer: ?)?(?:[Tt]he answer is )?\(?)[A-H](\)?\.?)$/.exec(output) ?? [];
  return labels.map((label) => ({ label, completion: `${before}${label}${after}` }));
}

function choiceOption(label: string): ExampleOption {
  return { label, completion: `the correct answer is ${label}` };
}

/** A question with answers to choose from. */
export interface Question {
  readonly question: string;
  readonly choices: readonly string[];
  /** Index of the right one. */
  readonly right: number;
}

/** By the labels of the answers. */
export function choiceExample({ question, choices, right }: Question, place: string): Example {
  if (choices.length < 2 || !(Number.isInteger(right) && right >= 0 && right < choices.length)) {
    throw damaged(place, `answer ${right} is none of its ${choices.length} choices`);
  }
  const labels = choices.map((_, i) => `answer${i + 1}`);
  const listed = choices.map((choice, i) => `Answer${i + 1}: ${choice}`).join(' ');
  return labelled(
    `Please choose the correct answer to the question: ${question}\n\n${listed}`,
    labels,
    labels[right]!,
  );
}

/** A question that is answered with true or false. @param text what it is about */
export function statementExample(question: string, text: string, right: boolean): Example {
  return labelled(
    `Please answer the following question with true or false, question: ${question}\n\n${text}`,
    ['true', 'false'],
    String(right),
  );
}

function labelled(instruction: string, labels: readonly string[], answer: string): Example {
  const options = labels.map(choiceOption);
  return {
    prompt: alpacaPrompt(`${instruction}\n\nAnswer format: ${labels.join('/')}`),
    completion: choiceOption(answer).completion,
    answer,
    options,
  };
}

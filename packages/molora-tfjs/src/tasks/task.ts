/** What the tasks are made of: records become examples one by one, outputs are judged by answers. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Example, TaskScore, TrainingTask } from '@alphalora/contracts/extensions';
import { answerIn, isRight, isSelfConsistent } from './answers.js';
import { instructionExample } from './instructions.js';
import { accuracy, f1, matthewsCorrelation } from './metrics.js';
import { type DataRecord, parseRecords } from './records.js';

export interface TaskDefinition extends Pick<TrainingTask, 'name' | 'summary' | 'files'> {
  /** Names of the columns of files without a header. */
  columns?: readonly string[];
  /** Of a record in the data set's own layout. Absent where all known layouts are instructions. */
  example?(record: DataRecord): Example;
  /** Whether records are in that layout alone, and never instructions. @default false */
  onlyOwn?: boolean;
  /** Labels that instructions of this task choose from. */
  labels?: RegExp;
  /** @default 'accuracy' */
  metric?: 'accuracy' | 'matthews';
  /** Of a record in the data set's own layout, in the wording of the released code of MoLA and AlphaLoRA. */
  mola?(record: DataRecord): Example;
  /** The class whose F1 is given as well, in each wording. */
  positive?: readonly string[];
}

export function defineTask(definition: TaskDefinition): TrainingTask {
  const { name, summary, files, columns, example, labels, onlyOwn = false } = definition;
  const { mola, ...rest } = definition;
  return {
    name,
    summary,
    files,
    parse: (text, file, onNote) =>
      withCompletions(
        parseRecords(text, file, { columns, onNote }),
        (record) => [
          // Benchmarks may also come as instructions.
          example && (onlyOwn || !Object.hasOwn(record.fields, 'instruction'))
            ? example(record)
            : instructionExample(record, labels),
        ],
        onNote,
      ),
    score: (outputs, examples) => scoreOf(definition, outputs, examples),
    ...(mola && { wordings: { mola: defineTask(inWordingOfMola(rest, mola)) } }),
  };
}

/** There, letters or words are the labels, and every task is judged by accuracy. */
function inWordingOfMola(
  { labels: _, ...definition }: TaskDefinition,
  example: NonNullable<TaskDefinition['example']>,
): TaskDefinition {
  return { ...definition, example, metric: 'accuracy' };
}

/**
 * The examples of records, without those that have nothing to learn or to be compared with, which are
 * counted.
 */
export function withCompletions(
  records: readonly DataRecord[],
  examplesOf: (record: DataRecord) => readonly Example[],
  onNote?: (note: string) => void,
): Example[] {
  const examples: Example[] = [];
  const empty: string[] = [];
  const unlike: Array<{ place: string; example: Example }> = [];
  for (const record of records) {
    for (const example of examplesOf(record)) {
      const calls = example.messages?.at(-1)?.tool_calls;
      const isEmpty = !calls && example.completion.trim() === '';
      if (isEmpty) empty.push(record.place);
      else examples.push(example);
      if (!isEmpty && !isSelfConsistent(example)) unlike.push({ place: record.place, example });
    }
  }
  const [first] = unlike;
  if (first) {
    const { place, example } = first;
    onNote?.(
      `${place}: its answer ${shown(example.answer!)} is not found in its own output ${shown(example.completion)}${unlike.length > 1 ? `, nor are those of ${unlike.length} of ${examples.length + empty.length} in all` : ''}: a model that gives these very outputs scores 0 on them`,
    );
  }
  if (empty.length > 0) {
    onNote?.(
      `${empty[0]}: its completion is empty${empty.length > 1 ? `, as are ${empty.length} of ${examples.length + empty.length} in all` : ''}; skipped`,
    );
  }
  return examples;
}

/** The end is where answers are. */
function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `...${text.slice(-100)}` : text);
}

function scoreOf(
  { name, metric = 'accuracy', positive = [] }: TaskDefinition,
  outputs: readonly string[],
  examples: readonly Example[],
): TaskScore {
  if (outputs.length !== examples.length || examples.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${name}: ${outputs.length} outputs for ${examples.length} examples cannot be scored; give one for each, and at least one`,
    );
  }
  const labels = examples.map(({ answer, completion }) => answer ?? completion);
  const answers = outputs.map((output, i) => answerIn(output, examples[i]!));
  // Numbers that are equal to within the tolerance are the same answer.
  const predictions = answers.map((answer, i) =>
    isRight(answer, { ...examples[i]!, answer: labels[i]! }) ? labels[i] : answer,
  );
  const metrics: Record<string, number> = { accuracy: accuracy(predictions, labels) };
  if (metric === 'matthews') metrics['matthews'] = matthewsCorrelation(predictions, labels);
  const told = labels.concat(
    examples.flatMap(({ options = [] }) => options.map(({ label }) => label)),
  );
  const own = positive.find((label) => told.includes(label));
  if (own !== undefined) metrics['f1'] = f1(predictions, labels, own);
  const { [metric]: value, ...others } = metrics;
  const unanswered = answers.filter((answer) => answer === undefined).length;
  return { metric, value: value!, others, unanswered };
}

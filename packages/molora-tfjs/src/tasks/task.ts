/** What the tasks are made of: records become examples one by one, outputs are judged by answers. */
import { AlphaLoraError } from '@alphalora/contracts';
import type { Example, TaskScore, TrainingTask } from '@alphalora/contracts/extensions';
import { answerIn, isRight } from './answers.js';
import { instructionExample } from './instructions.js';
import { accuracy, f1, matthewsCorrelation } from './metrics.js';
import { type DataRecord, parseRecords } from './records.js';

export interface TaskDefinition extends Pick<TrainingTask, 'name' | 'summary' | 'files'> {
  /** Names of the columns of files without a header. */
  columns?: readonly string[];
  /** Of a record in the data set's own layout. Absent where all known layouts are instructions. */
  example?(record: DataRecord): Example;
  /** Fields by which a record is in that layout, even if it has an instruction too. */
  own?: readonly string[];
  /** Labels that instructions of this task choose from. */
  labels?: RegExp;
  /** @default 'accuracy' */
  metric?: 'accuracy' | 'matthews';
  /** The class whose F1 is given as well. */
  positive?: string;
}

export function defineTask(definition: TaskDefinition): TrainingTask {
  const { name, summary, files, columns, example, labels, own } = definition;
  const has = ({ fields }: DataRecord, field: string): boolean => Object.hasOwn(fields, field);
  return {
    name,
    summary,
    files,
    parse: (text, file) =>
      parseRecords(text, file, columns).map((record) =>
        // Any task may also come as instructions.
        example && (!has(record, 'instruction') || own?.every((field) => has(record, field)))
          ? example(record)
          : instructionExample(record, labels),
      ),
    score: (outputs, examples) => scoreOf(definition, outputs, examples),
  };
}

function scoreOf(
  { name, metric = 'accuracy', positive }: TaskDefinition,
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
  if (positive !== undefined) metrics['f1'] = f1(predictions, labels, positive);
  const { [metric]: value, ...others } = metrics;
  const unanswered = answers.filter((answer) => answer === undefined).length;
  return { metric, value: value!, others, unanswered };
}

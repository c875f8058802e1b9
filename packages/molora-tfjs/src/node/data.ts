/** The examples of a task from files on disk. */
import { readRegularFile, statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError, errorIn, isAlphaLoraError } from '@alphalora/contracts';
import {
  decodeText,
  type Example,
  type Split,
  type TrainingTask,
} from '@alphalora/contracts/extensions';
import { tasks } from '../tasks/registry.js';
import { takersHint } from '../tasks/takers.js';
import { requireSplit } from './locate-data.js';

export interface TaskData {
  readonly examples: Example[];
  /** The files that they come from. */
  readonly files: readonly string[];
}

/** Where the examples of a run come from. */
export interface TaskSource {
  /** By its name in `tasks`, or one of one's own. */
  task: string | TrainingTask;
  /** How the task asks and answers, of `wordings` of the task. @default its own, which is that of LLM-Adapters */
  wording?: string;
  /** A file of examples, or the folder of the task's files. */
  data: string;
  /** Only so many examples, from the start. @default all */
  limit?: number;
}

export interface ReadDataOptions {
  /** No more files are read than hold so many examples. @default all */
  limit?: number | undefined;
  /** Is told what was skipped. */
  onNote?: ((note: string) => void) | undefined;
}

/**
 * @param given the split; left out, the one that the task's scores are reported on: validation for a
 *   benchmark that publishes no answers to its test, otherwise test
 * @throws AlphaLoraError `NOT_FOUND` for an unknown task, `INVALID_OPTION` for a wording that it does not
 *   have; see also `readTaskData`
 */
export async function examplesOf(
  { task: named, wording, data, limit, onNote }: TaskSource & Pick<ReadDataOptions, 'onNote'>,
  given?: Split,
): Promise<{ task: TrainingTask; examples: Example[]; split: Split }> {
  const task = await taskOf(named, wording);
  const split = given ?? reportedSplit(task);
  const { examples } = await readTaskData(task, data, split, { limit, onNote });
  return { task, examples: examples.slice(0, limit), split };
}

/** The wording that tasks have by themselves. */
const OWN_WORDING = 'llm-adapters';

/** @throws AlphaLoraError `NOT_FOUND` for an unknown task, `INVALID_OPTION` for a wording that it does not have */
export async function taskOf(
  named: string | TrainingTask,
  wording: string = OWN_WORDING,
): Promise<TrainingTask> {
  const task = typeof named === 'string' ? await tasks.load(named) : named;
  if (wording === OWN_WORDING) return task;
  const worded = task.wordings?.[wording];
  if (worded) return worded;
  const names = [OWN_WORDING, ...Object.keys(task.wordings ?? {})].join(', ');
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `${task.name} has no wording ${wording}; its wordings: ${names}`,
    { details: { task: task.name } },
  );
}

/** The split that the scores of a task are reported on. */
export function reportedSplit({ files, score }: TrainingTask): Split {
  return files.validation && !files.test && score ? 'validation' : 'test';
}

/**
 * Reads one split of a task.
 *
 * @param path a file of examples, whatever its name; or the folder of the data set, or one that it
 *   lies in. Where the files of the task's own layouts are missing, those of the usual names are taken:
 *   train; validation, valid, dev or val; test; each as .jsonl, .json, .csv, .tsv, .parquet or .txt, in
 *   shards such as train-00000-of-00002.parquet, or all files of a folder of that name; there or in data/
 * @throws AlphaLoraError `NOT_FOUND` when the path or the split's files do not exist, `IO_FAILED` when
 *   a file cannot be read, `INVALID_DOCUMENT` when it is no data of the task, is not UTF-8, is too
 *   large or has no examples
 */
export async function readTaskData(
  task: TrainingTask,
  path: string,
  split: Split,
  { limit = Number.POSITIVE_INFINITY, onNote }: ReadDataOptions = {},
): Promise<TaskData> {
  const stats = await statIfPresent(path);
  if (!stats) {
    throw notFound(`${path} does not exist; give a file or folder of ${task.name}`, path);
  }
  const files = stats.isDirectory() ? await requireSplit(task, path, split) : [path];
  const examples: Example[] = [];
  for (const file of files) {
    if (examples.length >= limit) break;
    for (const example of await parsed(task, file, onNote)) examples.push(example);
  }
  if (examples.length === 0) {
    throw new AlphaLoraError('INVALID_DOCUMENT', `${files.join(', ')}: no examples`, {
      details: { file: files[0] },
    });
  }
  return { examples, files };
}

/** A refusal says which other task would take the file. */
async function parsed(
  task: TrainingTask,
  file: string,
  onNote: ((note: string) => void) | undefined,
): Promise<Example[]> {
  const text = await textIn(file);
  try {
    return task.parse(text, file, onNote);
  } catch (error) {
    if (!isAlphaLoraError(error, 'INVALID_DOCUMENT')) throw error;
    const hint = await takersHint(task.name, text, file);
    if (hint === undefined) throw error;
    const { code, message, details, cause } = error;
    throw new AlphaLoraError(code, `${message}; ${hint}`, { details, cause });
  }
}

/** Bytes of a file: a text has no more characters than JavaScript allows, which is some more. */
const MOST_BYTES = 2 ** 29 - 64;

/** First bytes of files that are no text, and what to do with them. */
const otherFormats: ReadonlyArray<readonly [magic: string, what: string]> = [
  ['PAR1', 'it is a parquet file: name it .parquet'],
  ...(
    [
      ['\x1f\x8b', 'gzip'],
      ['(\xb5/\xfd', 'zstd'],
      ['BZh', 'bzip2'],
      ['\xfd7zXZ', 'xz'],
      ['PK\x03\x04', 'zip'],
    ] as const
  ).map(([magic, by]) => [magic, `it is compressed (${by}): decompress it first`] as const),
];

/** Of a parquet file, its rows as lines of JSON. */
async function textIn(file: string): Promise<string> {
  const size = (await statIfPresent(file))?.size ?? 0;
  if (size > MOST_BYTES) {
    throw new AlphaLoraError(
      'INVALID_DOCUMENT',
      `${file}: it has ${size} bytes, and files of examples may have ${MOST_BYTES}; divide it into parts, such as train-00000-of-00008.jsonl`,
      { details: { file } },
    );
  }
  const bytes = await readRegularFile(file);
  if (!/\.parquet$/i.test(file)) {
    const start = Buffer.from(bytes.subarray(0, 6)).toString('latin1');
    const [, what] = otherFormats.find(([magic]) => start.startsWith(magic)) ?? [];
    if (what !== undefined) throw errorIn('INVALID_DOCUMENT', file, what);
    return decodeText(bytes, file);
  }
  const { parquetLines } = await import('../tasks/parquet.js');
  return parquetLines(bytes, file);
}

function notFound(what: string, file: string): AlphaLoraError {
  return new AlphaLoraError('NOT_FOUND', what, { details: { file } });
}

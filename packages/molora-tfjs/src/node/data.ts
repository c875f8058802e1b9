/** The examples of a task from files on disk. */
import { join } from 'node:path';
import { readRegularFile, statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError, isAlphaLoraError } from '@alphalora/contracts';
import type { Example, Split, TrainingTask } from '@alphalora/contracts/extensions';
import { tasks } from '../tasks/registry.js';
import { takersHint } from '../tasks/takers.js';
import { usualFiles, usualFilesText } from '../tasks/usual-files.js';

export interface TaskData {
  readonly examples: Example[];
  /** The files that they come from. */
  readonly files: readonly string[];
}

/** Where the examples of a run come from. */
export interface TaskSource {
  /** By its name in `tasks`, or one of one's own. */
  task: string | TrainingTask;
  /** A file of examples, or the folder of the task's files. */
  data: string;
  /** Only so many examples, from the start. @default all */
  limit?: number;
}

/**
 * @param given the split; left out, the one that the task's scores are reported on: validation for a
 *   benchmark that publishes no answers to its test, otherwise test
 * @throws AlphaLoraError `NOT_FOUND` for an unknown task; see also `readTaskData`
 */
export async function examplesOf(
  { task: named, data, limit }: TaskSource,
  given?: Split,
): Promise<{ task: TrainingTask; examples: Example[]; split: Split }> {
  const task = typeof named === 'string' ? await tasks.load(named) : named;
  const { files } = task;
  const split = given ?? (files.validation && !files.test && task.score ? 'validation' : 'test');
  const { examples } = await readTaskData(task, data, split);
  return { task, examples: examples.slice(0, limit), split };
}

/**
 * Reads one split of a task.
 *
 * @param path a file of examples, whatever its name; or the folder of the data set, or one that it
 *   lies in. Where the files of the task's own layouts are missing, those of the usual names are taken:
 *   train; validation, valid, dev or val; test; each as .jsonl, .json, .csv, .tsv or .txt
 * @throws AlphaLoraError `NOT_FOUND` when the path or the split's files do not exist, `IO_FAILED` when
 *   a file cannot be read, `INVALID_DOCUMENT` when it is no data of the task or has no examples
 */
export async function readTaskData(
  task: TrainingTask,
  path: string,
  split: Split,
): Promise<TaskData> {
  const stats = await statIfPresent(path);
  if (!stats) {
    throw notFound(`${path} does not exist; give a file or folder of ${task.name}`, path);
  }
  const files = stats.isDirectory() ? await locate(task, path, split) : [path];
  const examples: Example[] = [];
  for (const file of files) {
    for (const example of await parsed(task, file)) examples.push(example);
  }
  if (examples.length === 0) {
    throw new AlphaLoraError('INVALID_DOCUMENT', `${files.join(', ')}: no examples`, {
      details: { file: files[0] },
    });
  }
  return { examples, files };
}

/** A refusal says which other task would take the file. */
async function parsed(task: TrainingTask, file: string): Promise<Example[]> {
  const text = Buffer.from(await readRegularFile(file)).toString();
  try {
    return task.parse(text, file);
  } catch (error) {
    if (!isAlphaLoraError(error, 'INVALID_DOCUMENT')) throw error;
    const hint = await takersHint(task.name, text, file);
    if (hint === undefined) throw error;
    const { code, message, details, cause } = error;
    throw new AlphaLoraError(code, `${message}; ${hint}`, { details, cause });
  }
}

/** The first layout that is there, below the folder or with the folder as a part of its path. */
async function locate(task: TrainingTask, folder: string, split: Split): Promise<string[]> {
  const layouts = task.files[split] ?? [];
  for (const layout of layouts) {
    for (let depth = 0; depth < layout[0]!.split('/').length; depth++) {
      const paths = layout.map((path) => join(folder, ...path.split('/').slice(depth)));
      const there = await Promise.all(paths.map(isFile));
      if (there.every(Boolean)) return paths;
    }
  }
  for (const name of usualFiles(split)) {
    const path = join(folder, name);
    if (await isFile(path)) return [path];
  }
  const wanted = [...layouts.map((layout) => layout.join(' and ')), usualFilesText(split)];
  throw notFound(
    `${folder}: no ${split} split of ${task.name} (looked for ${wanted.join(', or ')}); give its folder or a file of examples`,
    folder,
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await statIfPresent(path))?.isFile() ?? false;
}

function notFound(what: string, file: string): AlphaLoraError {
  return new AlphaLoraError('NOT_FOUND', what, { details: { file } });
}

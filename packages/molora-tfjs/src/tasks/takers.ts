/** Which tasks would take a file that another one refuses. */
import { isAlphaLoraError } from '@alphalora/contracts';
import { parseRecords } from './records.js';
import { tasks } from './registry.js';

/** The tasks for data of one's own, with the fields that a record must have. */
const ownData: Readonly<Record<string, string>> = {
  instructions: 'instruction, output',
  completions: 'prompt, completion',
  chat: 'messages or conversations',
  text: 'text',
};

/**
 * A hint for the user, after a task has refused a file.
 *
 * @param file its ending tells the format
 * @returns undefined where the task takes the first record, so that only a later one is wrong, or the
 *   text is not of its format
 */
export async function takersHint(
  refused: string,
  text: string,
  file: string,
): Promise<string | undefined> {
  const sample = firstRecord(text, file);
  const takes = async (name: string): Promise<boolean> => {
    const task = await tasks.load(name);
    return sample === undefined ? parses(task, text, file) : parses(task, sample, 'sample.jsonl');
  };
  if (tasks.has(refused) && (await takes(refused))) return undefined;
  // Benchmarks take instructions too, where these ask for a number or a text.
  // What takes the records of a benchmark by text takes what the benchmark does.
  const others = tasks
    .names()
    .filter((name) => !Object.hasOwn(ownData, name) && !name.endsWith('-text'));
  for (const names of [Object.keys(ownData), others]) {
    const takers: string[] = [];
    for (const name of names) if (await takes(name)) takers.push(name);
    if (takers.length === 1) return `the task ${takers[0]} takes such records`;
    if (takers.length > 1) return `the tasks ${takers.join(', ')} take such records`;
  }
  if (sample === undefined || namesFieldsOfOwn(sample)) return undefined;
  const own = Object.entries(ownData).map(([name, fields]) => `${name} takes ${fields}`);
  return `no task takes such records: ${own.join('; ')}`;
}

/** Then it is what is in the fields that is refused. */
function namesFieldsOfOwn(sample: string): boolean {
  const fields = JSON.parse(sample) as Record<string, unknown>;
  return Object.values(ownData).some((alternatives) =>
    alternatives
      .split(' or ')
      .some((names) => names.split(', ').every((name) => Object.hasOwn(fields, name))),
  );
}

/** As a line of JSON; undefined where the text has no records. */
function firstRecord(text: string, file: string): string | undefined {
  try {
    const [first] = parseRecords(text, file);
    return first && JSON.stringify(first.fields);
  } catch (error) {
    if (isAlphaLoraError(error)) return undefined;
    throw error;
  }
}

function parses(
  task: { parse(text: string, file: string): unknown[] },
  text: string,
  file: string,
): boolean {
  try {
    return task.parse(text, file).length > 0;
  } catch {
    // A task of one's own may throw anything.
    return false;
  }
}

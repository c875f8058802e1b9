/** The conformance kit of tasks: a file or two of the author's, read, damaged, and answered. */
import { isAlphaLoraError } from '@alphalora/contracts';
import type { Example, TaskScore, TrainingTask } from '@alphalora/contracts/extensions';
import {
  type Check,
  createKit,
  type Examination,
  forEachOf,
  type TestFunctions,
} from '@alphalora/contracts/testing';

/** A valid file of the task, with examples of all classes that its metric counts. */
export interface TaskFile {
  /** Its name, which tells the format. */
  readonly file: string;
  readonly text: string;
  /** How many examples there are in it. */
  readonly examples: number;
}

interface Subject {
  readonly task: TrainingTask;
  readonly files: readonly TaskFile[];
}

type Examine = Examination<Subject>;

const splits = ['train', 'validation', 'test'];

const shape: Examine = ({ task, files }) => {
  const { name, summary, files: layouts } = task;
  if (typeof name !== 'string' || !/^\S+$/.test(name)) {
    return { failed: `name must be a word, not ${JSON.stringify(name)}` };
  }
  if (typeof summary !== 'string' || !/^\S.*$/.test(summary)) {
    return { failed: `summary must be a line, not ${JSON.stringify(summary)}` };
  }
  if (typeof task.parse !== 'function' || !['function', 'undefined'].includes(typeof task.score)) {
    return { failed: 'parse must be a function, and score where it is there' };
  }
  const odd = Object.keys(layouts).find((split) => !splits.includes(split));
  if (odd !== undefined) return { failed: `files are of ${splits.join(', ')}, not of ${odd}` };
  const paths = Object.values(layouts).flat(2);
  const far = paths.find((path) => /^\/|\\|:|(^|\/)\.\.?(\/|$)|^$/.test(path));
  if (far !== undefined) {
    return {
      failed: `${JSON.stringify(far)} is no path within a folder, with / between its parts`,
    };
  }
  return files.length > 0 ? undefined : { failed: 'there is no file to try it on' };
};

/** What is wrong with an example; undefined where nothing is. */
function faultOf({ prompt, completion, answer, options }: Example): string | undefined {
  if (typeof prompt !== 'string') return 'its prompt is no text';
  if (typeof completion !== 'string' || completion === '') return 'it has no completion';
  if (answer !== undefined && typeof answer !== 'string') return 'its answer is no text';
  if (options === undefined) return undefined;
  const labels = options.map(({ label }) => label);
  if (new Set(labels).size < labels.length || labels.length < 2) {
    return `its options are ${labels}: two at least, each once`;
  }
  if (!options.every((option) => option.completion)) return 'an option has no completion';
  return labels.includes(answer!) ? undefined : `its answer ${answer} is none of ${labels}`;
}

const parses: Examine = ({ task, files }) =>
  forEachOf(files, ({ file, text, examples }) => {
    const found = task.parse(text, file);
    return Array.isArray(found) && found.length === examples
      ? undefined
      : { failed: `${file}: ${found?.length} examples, not ${examples}` };
  });

const sound: Examine = ({ task, files }) =>
  forEachOf(files, ({ file, text }) => {
    const faults = task.parse(text, file).map(faultOf);
    const at = faults.findIndex((fault) => fault !== undefined);
    return at < 0 ? undefined : { failed: `${file}, example ${at + 1}: ${faults[at]}` };
  });

const determinism: Examine = ({ task, files }) =>
  forEachOf(files, ({ file, text }) => {
    const [first, second] = [task.parse(text, file), task.parse(text, file)];
    return JSON.stringify(first) === JSON.stringify(second)
      ? undefined
      : { failed: `${file}: two readings differ` };
  });

/**
 * As Windows ends its lines, and marks its texts: as many examples, without a trace of it but for lines
 * within a text.
 */
const encodings: Examine = ({ task, files }) =>
  forEachOf(files, ({ file, text }) => {
    const read = (given: string): string =>
      JSON.stringify(task.parse(given, file)).replaceAll('\\r\\n', '\\n');
    const others: Array<[string, string]> = [
      ['line ends of Windows', text.replaceAll('\n', '\r\n')],
      ['a byte order mark', `\uFEFF${text}`],
    ];
    return forEachOf(others, ([what, other]) =>
      read(other) === read(text)
        ? undefined
        : { failed: `${file}: the examples are others with ${what}` },
    );
  });

const nonsense = [
  '',
  '\n',
  '{',
  '[',
  'null',
  '[1]',
  '[[]]',
  '[{}]',
  '{}',
  '\0',
  '"a"\t\n,',
  '{"a":1}\n{',
];

/** Every text is read, or refused by a message that says where it is. */
const damaged: Examine = ({ task, files }) =>
  forEachOf(files, ({ file, text }) => {
    const step = Math.ceil(text.length / 100);
    const cut = Array.from({ length: 100 }, (_, i) => text.slice(0, i * step));
    return forEachOf([...nonsense, ...cut], (other) => {
      const what = `${file} with ${JSON.stringify(other.slice(-20))} at its end`;
      try {
        const fault = task.parse(other, file).map(faultOf).find(Boolean);
        return fault === undefined ? undefined : { failed: `${what}: ${fault}` };
      } catch (error) {
        if (!isAlphaLoraError(error, 'INVALID_DOCUMENT')) {
          return { failed: `${what}: ${error}; expected INVALID_DOCUMENT` };
        }
        return error.message.includes(file)
          ? undefined
          : { failed: `${what}: the error does not name the file: ${error.message}` };
      }
    });
  });

const unscored = { skipped: 'there is no score: only the loss counts' };

/** Right outputs, no outputs and wrong ones, judged. */
function judged(
  { task, files }: Subject,
  examine: (
    scores: Record<'right' | 'empty' | 'wrong', TaskScore>,
    count: number,
  ) => ReturnType<Examine>,
): ReturnType<Examine> {
  if (!task.score) return unscored;
  return forEachOf(files, ({ file, text }) => {
    const examples = task.parse(text, file).map((example) => Object.freeze(example));
    const score = (output: (example: Example) => string) =>
      task.score!(Object.freeze(examples.map(output)), Object.freeze(examples));
    const scores = {
      right: score(({ completion }) => completion),
      empty: score(() => ''),
      wrong: score(({ answer, options }) => {
        const other = options?.find(({ label }) => label !== answer);
        return other?.completion ?? 'The answer is 987654321.';
      }),
    };
    return examine(scores, examples.length);
  });
}

const scores: Examine = (subject) =>
  judged(subject, (all, count) =>
    forEachOf(Object.entries(all), ([what, { metric, value, others, unanswered }]) => {
      if (typeof metric !== 'string' || metric === '') return { failed: 'the metric has no name' };
      const odd = Object.entries({ [metric]: value, ...others }).find(
        ([, one]) => !(one >= -1 && one <= 1),
      );
      if (odd) return { failed: `${what} outputs: ${odd[0]} is ${odd[1]}, not within -1 to 1` };
      return Number.isInteger(unanswered) && unanswered >= 0 && unanswered <= count
        ? undefined
        : { failed: `${what} outputs: ${unanswered} of ${count} are unanswered` };
    }),
  );

const ranking: Examine = (subject) =>
  judged(subject, ({ right, empty, wrong }) => {
    if (right.value !== 1)
      return { failed: `the completions themselves score ${right.value}, not 1` };
    const most = Math.max(empty.value, wrong.value);
    return most < 1
      ? undefined
      : { failed: `outputs that are empty or wrong score ${most}, as much as right ones` };
  });

const unanswered: Examine = (subject) =>
  judged(subject, ({ right, empty }, count) => {
    if (right.unanswered > 0) {
      return { failed: `${right.unanswered} completions themselves count as no answer` };
    }
    return empty.unanswered === count
      ? undefined
      : { failed: `of ${count} empty outputs, ${empty.unanswered} count as no answer` };
  });

/** A lost output must not move all others to the next example. */
const lengths: Examine = ({ task, files: [first] }) => {
  if (!task.score) return unscored;
  const examples = task.parse(first!.text, first!.file);
  const outputs = examples.map(({ completion }) => completion).slice(1);
  try {
    task.score(outputs, examples);
  } catch (error) {
    return isAlphaLoraError(error, 'INVALID_OPTION')
      ? undefined
      : { failed: `a missing output ends in ${error}; expected INVALID_OPTION` };
  }
  return { failed: `${outputs.length} outputs for ${examples.length} examples are scored` };
};

const kit = createKit<Subject>({
  steps: [
    ['shape', shape],
    ['parses', parses],
    ['examples', sound],
    ['determinism', determinism],
  ],
  independent: [
    ['encodings', encodings],
    ['damaged', damaged],
    ['scores', scores],
    ['ranking', ranking],
    ['unanswered', unanswered],
    ['lengths', lengths],
  ],
});

/**
 * @param files valid ones, one for each layout that the task knows
 * @returns a result for each check; it never throws for a fault of the task
 */
export function checkTask(task: TrainingTask, files: readonly TaskFile[]): Promise<Check[]> {
  return kit.check({ task, files });
}

/** {@link checkTask} as tests of the caller's framework, one for each check. */
export function describeTask(
  task: TrainingTask,
  files: readonly TaskFile[],
  tests: TestFunctions,
): void {
  kit.describe(`task ${task.name}`, { task, files }, tests);
}

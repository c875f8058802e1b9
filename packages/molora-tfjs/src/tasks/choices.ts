/** Questions with answers to choose from, in the layouts of their authors and of LLM-Adapters. */
import type { Split, TrainingTask } from '@alphalora/contracts/extensions';
import { byText } from './by-text.js';
import { choiceExample, type Question } from './instructions.js';
import { lettered } from './mola.js';
import {
  type DataRecord,
  damaged,
  listOf,
  numberOf,
  recordIn,
  textOf,
  textOrNone,
  textsOf,
} from './records.js';
import { defineTask } from './task.js';

export const scienceqa: TrainingTask = defineTask({
  name: 'scienceqa',
  summary: 'school science, questions without a picture',
  files: {
    train: [['scienceqa/train.jsonl']],
    validation: [['scienceqa/val.jsonl']],
    test: [['scienceqa/test.jsonl']],
  },
  example: (record) => choiceExample(scienceQuestion(record), record.place),
  mola(record) {
    const { context, ...question } = withContext(scienceQuestion(record), record);
    return lettered(question, record.place, context);
  },
});
export const scienceqaText: TrainingTask = byText(scienceqa, scienceQuestion);

export const commonsenseqa: TrainingTask = defineTask({
  name: 'commonsenseqa',
  summary: 'common sense, five answers',
  files: {
    train: [['commonsense_qa/train_rand_split.jsonl']],
    validation: [['commonsense_qa/dev_rand_split.jsonl']],
  },
  example: (record) => choiceExample(commonsenseQuestion(record), record.place),
  mola: (record) => lettered(commonsenseQuestion(record), record.place),
});
export const commonsenseqaText: TrainingTask = byText(commonsenseqa, commonsenseQuestion);

export const openbookqa: TrainingTask = defineTask({
  name: 'openbookqa',
  summary: 'elementary science, four answers',
  files: {
    train: [['openbookqa/train.jsonl']],
    validation: [['openbookqa/dev.jsonl']],
    test: [['openbookqa/test.jsonl'], ['llm-adapters/openbookqa/test.json']],
  },
  labels: /^answer\d$/,
  example: (record) => choiceExample(openBookQuestion(record), record.place),
  mola: (record) => lettered(openBookQuestion(record), record.place),
});
export const openbookqaText: TrainingTask = byText(openbookqa, openBookQuestion);

export const boolq: TrainingTask = instructions(
  'boolq',
  'yes-or-no questions of searches',
  'boolq',
  /^(true|false)$/,
);
export const arcEasy: TrainingTask = instructions(
  'arc-easy',
  'school science, the easier questions',
  'ARC-Easy',
  /^answer\d$/,
);
export const arcEasyText: TrainingTask = byText(arcEasy);
export const arcChallenge: TrainingTask = instructions(
  'arc-challenge',
  'school science, questions that retrieval gets wrong',
  'ARC-Challenge',
  /^answer\d$/,
);
export const arcChallengeText: TrainingTask = byText(arcChallenge);
export const piqa: TrainingTask = instructions(
  'piqa',
  'physical common sense, two solutions',
  'piqa',
  /^solution\d$/,
);
export const piqaText: TrainingTask = byText(piqa);
export const siqa: TrainingTask = instructions(
  'siqa',
  'social common sense, three answers',
  'social_i_qa',
  /^answer\d$/,
);
export const siqaText: TrainingTask = byText(siqa);
export const winogrande: TrainingTask = instructions(
  'winogrande',
  'who or what a gap stands for',
  'winogrande',
  /^option\d$/,
);
export const aqua: TrainingTask = instructions(
  'aqua',
  'algebra with five answers',
  'AQuA',
  /^[A-E]$/,
);
export const mathqa: TrainingTask = instructions(
  'mathqa',
  'word problems with five answers',
  'mathqa',
  /^[A-E]$/,
);

/** A data set of LLM-Adapters. @param folder its name there */
function instructions(name: string, summary: string, folder: string, labels: RegExp): TrainingTask {
  const at = (split: Split): [[string]] => [[`llm-adapters/${folder}/${split}.json`]];
  return defineTask({
    name,
    summary,
    labels,
    files: { train: at('train'), validation: at('validation'), test: at('test') },
  });
}

function scienceQuestion(record: DataRecord): Question {
  return {
    question: textOf(record, 'question'),
    choices: textsOf(record, 'choices'),
    right: numberOf(record, 'answer'),
  };
}

/** The hint stands in a field of its own, or, in copies of the data, before the last line of the question. */
function withContext(
  { question, ...rest }: Question,
  record: DataRecord,
): Question & { context: string } {
  if (record.fields['hint'] !== undefined) {
    return { ...rest, question, context: textOrNone(record, 'hint').trim() };
  }
  const [, context = '', last] = /^Context: ([\s\S]*)\n(.*)$/.exec(question) ?? [];
  return { ...rest, question: last ?? question, context };
}

function commonsenseQuestion(record: DataRecord): Question {
  const { place } = record;
  const question = recordIn(record, 'question');
  if (question.fields['choices'] === undefined) {
    throw damaged(place, 'it has no question with choices');
  }
  const listed = listOf(question, 'choices').map((choice) => ({
    fields: Object(choice) as DataRecord['fields'],
    place,
  }));
  const key = textOf(record, 'answerKey');
  return {
    question: textOf(question, 'stem'),
    choices: listed.map((choice) => textOf(choice, 'text')),
    right: listed.findIndex((choice) => textOf(choice, 'label') === key),
  };
}

function openBookQuestion(record: DataRecord): Question {
  return {
    // The question may go on in a second part.
    question: `${textOf(record, 'sent1')} ${textOf(record, 'sent2')}`.trimEnd(),
    choices: [0, 1, 2, 3].map((i) => textOf(record, `ending${i}`)),
    right: numberOf(record, 'label'),
  };
}

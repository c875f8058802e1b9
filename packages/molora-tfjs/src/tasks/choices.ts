/** Questions with answers to choose from, in the layouts of their authors and of LLM-Adapters. */
import type { Split, TrainingTask } from '@alphalora/contracts/extensions';
import { choiceExample } from './instructions.js';
import {
  type DataRecord,
  damaged,
  listOf,
  numberOf,
  recordIn,
  textOf,
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
  example: (record) =>
    choiceExample(
      textOf(record, 'question'),
      textsOf(record, 'choices'),
      numberOf(record, 'answer'),
      record.place,
    ),
});

export const commonsenseqa: TrainingTask = defineTask({
  name: 'commonsenseqa',
  summary: 'common sense, five answers',
  files: {
    train: [['commonsense_qa/train_rand_split.jsonl']],
    validation: [['commonsense_qa/dev_rand_split.jsonl']],
  },
  example(record) {
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
    return choiceExample(
      textOf(question, 'stem'),
      listed.map((choice) => textOf(choice, 'text')),
      listed.findIndex((choice) => textOf(choice, 'label') === key),
      place,
    );
  },
});

export const openbookqa: TrainingTask = defineTask({
  name: 'openbookqa',
  summary: 'elementary science, four answers',
  files: {
    train: [['openbookqa/train.jsonl']],
    validation: [['openbookqa/dev.jsonl']],
    test: [['openbookqa/test.jsonl'], ['llm-adapters/openbookqa/test.json']],
  },
  labels: /^answer\d$/,
  example: (record) =>
    choiceExample(
      // The question may go on in a second part.
      `${textOf(record, 'sent1')} ${textOf(record, 'sent2')}`.trimEnd(),
      [0, 1, 2, 3].map((i) => textOf(record, `ending${i}`)),
      numberOf(record, 'label'),
      record.place,
    ),
});

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
export const arcChallenge: TrainingTask = instructions(
  'arc-challenge',
  'school science, questions that retrieval gets wrong',
  'ARC-Challenge',
  /^answer\d$/,
);
export const piqa: TrainingTask = instructions(
  'piqa',
  'physical common sense, two solutions',
  'piqa',
  /^solution\d$/,
);
export const siqa: TrainingTask = instructions(
  'siqa',
  'social common sense, three answers',
  'social_i_qa',
  /^answer\d$/,
);
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

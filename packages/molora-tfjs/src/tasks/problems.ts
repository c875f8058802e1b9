/** Word problems whose answer is a number, in the layouts of their authors and of LLM-Adapters. */
import type { Example, TrainingTask } from '@alphalora/contracts/extensions';
import { alpacaPrompt } from './alpaca.js';
import { type DataRecord, damaged, numberOf, textOf } from './records.js';
import { defineTask } from './task.js';

export const gsm8k: TrainingTask = defineTask({
  name: 'gsm8k',
  summary: 'word problems of grade school, worked answers',
  files: {
    train: [['gsm8k/train.jsonl']],
    test: [['gsm8k/test.jsonl'], ['llm-adapters/gsm8k/test.json']],
  },
  example(record) {
    const worked = textOf(record, 'answer');
    const at = worked.lastIndexOf('####');
    const answer = worked
      .slice(at + 4)
      .trim()
      .replaceAll(',', '');
    if (at < 0 || !/^-?\d+(\.\d+)?$/.test(answer)) {
      throw damaged(record.place, 'its answer does not end in #### and a number');
    }
    // <<48/2=24>> is for a calculator.
    const steps = worked
      .slice(0, at)
      .replace(/<<[^<>]*>>/g, '')
      .trimEnd();
    const prompt = alpacaPrompt(textOf(record, 'question'));
    return { prompt, completion: `${steps}\nThe answer is ${answer}.`, answer };
  },
});

export const svamp: TrainingTask = defineTask({
  name: 'svamp',
  summary: 'word problems that are easily misread; MAWPS and ASDiv-A to train',
  files: {
    train: [['svamp/mawps-asdiv-a_svamp_train.csv']],
    validation: [['svamp/mawps-asdiv-a_svamp_dev.csv']],
    test: [['svamp/SVAMP.json'], ['llm-adapters/SVAMP/test.json']],
  },
  example: (record) =>
    'Numbers' in record.fields
      ? problem(withNumbers(record), numberOf(record, 'Answer'))
      : problem(
          `${ended(textOf(record, 'Body'))} ${textOf(record, 'Question')}`,
          numberOf(record, 'Answer'),
        ),
});

export const mawps: TrainingTask = defineTask({
  name: 'mawps',
  summary: 'word problems of several collections',
  files: {
    train: [['llm-adapters/mawps/trainset.json']],
    validation: [['llm-adapters/mawps/validset.json']],
    test: [['llm-adapters/mawps/testset.json']],
  },
  example: (record) => problem(textOf(record, 'original_text'), numberOf(record, 'ans')),
});

export const addsub: TrainingTask = instructions('addsub', 'additions and subtractions', 'AddSub');
export const multiarith: TrainingTask = instructions('multiarith', 'several steps', 'MultiArith');
export const singleeq: TrainingTask = instructions('singleeq', 'one equation', 'SingleEq');

/** The training set of LLM-Adapters' mathematics: numbers, and letters where AQuA's problems are. */
export const math: TrainingTask = defineTask({
  name: 'math',
  summary: 'the worked answers that LLM-Adapters trains arithmetic with',
  files: { train: [['llm-adapters/math_data.json']] },
});

function instructions(name: string, summary: string, folder: string): TrainingTask {
  return defineTask({
    name,
    summary: `word problems: ${summary}`,
    files: { test: [[`llm-adapters/${folder}/test.json`]] },
  });
}

function problem(text: string, answer: number): Example {
  const written = decimal(answer);
  return {
    prompt: alpacaPrompt(text),
    completion: `The answer is ${written}.`,
    answer: written,
  };
}

/** Without an exponent. */
function decimal(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 20 });
}

function ended(sentence: string): string {
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** `number0`, `number1`, ... stand for the numbers of the record. */
function withNumbers(record: DataRecord): string {
  const numbers = textOf(record, 'Numbers').trim().split(/\s+/);
  return textOf(record, 'Question').replace(/\bnumber(\d+)\b/g, (_, index: string) => {
    const value = Number(numbers[Number(index)]);
    if (Number.isFinite(value)) return String(value);
    throw damaged(record.place, `it has no number${index}`);
  });
}

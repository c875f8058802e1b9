/** Data of one's own: instructions, and text to go on with. */
import type { TrainingTask } from '@alphalora/contracts/extensions';
import { parseRecords, textOf, withoutMark } from './records.js';
import { defineTask } from './task.js';

const layouts = (split: string): string[][] => [[`${split}.jsonl`], [`${split}.json`]];

export const instructions: TrainingTask = defineTask({
  name: 'instructions',
  summary: 'JSON or JSON lines with instruction, input, output; an output must be met exactly',
  files: {
    train: layouts('train'),
    validation: layouts('validation'),
    test: layouts('test'),
  },
});

export const completions: TrainingTask = defineTask({
  name: 'completions',
  summary: 'JSON lines with prompt and completion, taken as they stand; it must be met exactly',
  files: {
    train: layouts('train'),
    validation: layouts('validation'),
    test: layouts('test'),
  },
  example(record) {
    const completion = textOf(record, 'completion');
    return { prompt: textOf(record, 'prompt'), completion, answer: completion.trim() };
  },
});

export const text: TrainingTask = {
  name: 'text',
  summary: 'plain text, a blank line between pieces, or JSON lines with text; only the loss counts',
  files: {
    train: [['train.jsonl'], ['train.txt'], ['tinyshakespeare/input.txt']],
    validation: [['validation.jsonl'], ['tinystories/tinystories_valid_part.jsonl']],
    test: [['test.jsonl'], ['test.txt']],
  },
  parse(content, file) {
    const pieces = file.endsWith('.txt')
      ? withoutMark(content)
          .split(/\r?\n\s*\n/)
          .filter((piece) => piece.trim() !== '')
      : parseRecords(content, file).map((record) => textOf(record, 'text'));
    return pieces.map((completion) => ({ prompt: '', completion }));
  },
};

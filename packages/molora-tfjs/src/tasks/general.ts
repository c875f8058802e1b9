/** Data of one's own: instructions, and text to go on with. */
import type { TrainingTask } from '@alphalora/contracts/extensions';
import { parseRecords, textOf, textOrNone, withoutMark } from './records.js';
import { defineTask, withCompletions } from './task.js';

export const instructions: TrainingTask = defineTask({
  name: 'instructions',
  summary: 'records with instruction, input, output (Alpaca); an output must be met exactly',
  files: {},
});

export const completions: TrainingTask = defineTask({
  name: 'completions',
  summary: 'records with prompt and completion, taken as they stand; it must be met exactly',
  onlyOwn: true,
  files: {},
  example(record) {
    const completion = textOrNone(record, 'completion');
    return { prompt: textOf(record, 'prompt'), completion, answer: completion.trim() };
  },
});

export const text: TrainingTask = {
  name: 'text',
  summary: 'plain text, a blank line between pieces, or records with text; only the loss counts',
  files: {
    train: [['tinyshakespeare/input.txt']],
    validation: [['tinystories/tinystories_valid_part.jsonl']],
  },
  parse(content, file, onNote) {
    if (!file.endsWith('.txt')) {
      return withCompletions(
        parseRecords(content, file, { onNote }),
        (record) => [{ prompt: '', completion: textOrNone(record, 'text') }],
        onNote,
      );
    }
    const pieces = withoutMark(content).split(/\r?\n\s*\n/);
    return pieces
      .filter((piece) => piece.trim() !== '')
      .map((completion) => ({ prompt: '', completion }));
  },
};

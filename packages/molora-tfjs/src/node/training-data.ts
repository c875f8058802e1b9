/** What a run learns, and what its loss is measured on meanwhile. */
import { statIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Example } from '@alphalora/contracts/extensions';
import { seededRandom } from '@alphalora/contracts/numbers';
import { permutation } from '../ops/random.js';
import { examplesOf, type ReadDataOptions, type TaskSource, taskOf } from './data.js';
import { filesOfSplit } from './locate-data.js';

export interface TrainingData {
  examples: Example[];
  /** Of the validation split, or held out; absent where the loss is not measured while training. */
  validation?: Example[];
}

export interface TrainingDataOptions extends TaskSource, Pick<ReadDataOptions, 'onNote'> {
  /** Steps between measurements of the loss on examples that are not trained on. @default none */
  evaluateEvery?: number | undefined;
  /**
   * Examples that are kept from training for that, drawn by the seed. @default where the data has no
   * validation split, a tenth, at most 64
   */
  holdOut?: number | undefined;
}

/** Examples of the validation split, or held out, that the loss is measured on. */
const VALIDATION_EXAMPLES = 64;

/**
 * @param seed of what is held out
 * @throws AlphaLoraError `INVALID_OPTION` where nothing is left to train on; see also `readTaskData`
 */
export async function trainingData(
  options: TrainingDataOptions,
  seed: number,
): Promise<TrainingData> {
  const { evaluateEvery, holdOut, onNote } = options;
  if (evaluateEvery === undefined && holdOut !== undefined) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'examples are held out to measure the loss on them while training: say how often (--evaluate-every)',
    );
  }
  const { examples } = await examplesOf(options, 'train');
  if (evaluateEvery === undefined) return { examples };
  if (holdOut === undefined && (await hasValidation(options))) {
    const limited = { ...options, limit: VALIDATION_EXAMPLES };
    return { examples, validation: (await examplesOf(limited, 'validation')).examples };
  }
  const usual = Math.min(VALIDATION_EXAMPLES, Math.max(1, Math.floor(examples.length / 10)));
  const count = holdOut ?? usual;
  if (count >= examples.length) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${count} of ${examples.length} examples held out for validation leave none to train on: give more examples, or a folder with a validation split`,
    );
  }
  const held = new Set(
    permutation(examples.length, seededRandom(seed, 'held out')).slice(0, count),
  );
  const often = evaluateEvery === 1 ? 'step' : `${evaluateEvery} steps`;
  onNote?.(
    `${count} of ${examples.length} examples are held out of training: the loss on them is measured every ${often} (--hold-out changes how many)`,
  );
  return {
    examples: examples.filter((_, i) => !held.has(i)),
    validation: examples.filter((_, i) => held.has(i)),
  };
}

async function hasValidation({ task, data }: TaskSource): Promise<boolean> {
  if (!(await statIfPresent(data))?.isDirectory()) return false;
  return (await filesOfSplit(await taskOf(task), data, 'validation')) !== undefined;
}

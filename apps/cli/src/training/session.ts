/** A model in memory with its tokenizer, and the data of a task: what training and evaluation share. */
import {
  AlphaLoraError,
  defined,
  type Example,
  type Split,
  type TrainingTask,
} from '@alphalora/contracts';
import type { Decoder, Tokenizer } from '@alphalora/molora-tfjs/decoder';
import type { TokenSequence } from '@alphalora/molora-tfjs/training';
import type { Runtime } from './runtime.js';

export interface LoadedModel {
  decoder: Decoder;
  tokenizer: Tokenizer;
}

/** @throws AlphaLoraError `INVALID_CHECKPOINT` where the folder has no tokenizer */
export async function loadLanguageModel({ molora }: Runtime, folder: string): Promise<LoadedModel> {
  const { decoder, tokenizer } = await molora.loadModel(folder);
  if (tokenizer) return { decoder, tokenizer };
  decoder.dispose();
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${folder} has no tokenizer.json: training and generating need the one that the model was trained with`,
    { details: { file: folder } },
  );
}

export interface TaskOptions {
  task: string;
  /** A file, or a folder with the task's files. */
  data: string;
  /** Examples from the start. */
  limit?: number;
}

export interface LoadedTask {
  task: TrainingTask;
  examples: Example[];
}

export async function loadExamples(
  { molora }: Runtime,
  { task: name, data, limit }: TaskOptions,
  split: Split,
): Promise<LoadedTask> {
  const task = await molora.tasks.load(name);
  const { examples } = await molora.readTaskData(task, data, split);
  return { task, examples: limit === undefined ? examples : examples.slice(0, limit) };
}

export interface EncodingOptions {
  cutoff: number;
  lossOnPrompt?: boolean;
}

/**
 * Examples as tokens, and a line for people when some were cut or have nothing to learn.
 *
 * @throws AlphaLoraError `INVALID_OPTION` when nothing is left, or a token is not in the vocabulary
 */
export function encode(
  { molora }: Runtime,
  { tokenizer, decoder }: LoadedModel,
  examples: readonly Example[],
  { cutoff, lossOnPrompt = false }: EncodingOptions,
): { sequences: TokenSequence[]; note: string } {
  const maxLength = Math.min(cutoff, decoder.config.maxPositions);
  const endOfSequence = tokenizer.endToken ?? decoder.config.endTokens[0];
  const encoded = molora.encodeExamples(examples, {
    encode: (text) => tokenizer.encode(text),
    maxLength,
    lossOnPrompt,
    ...defined({ endOfSequence }),
  });
  const { sequences, cut, dropped } = encoded;
  if (sequences.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `all ${examples.length} examples are longer than ${maxLength} tokens before their completion ` +
        'begins: raise --cutoff, or take a model with more positions',
    );
  }
  molora.checkSequences(sequences, decoder.config.vocabularySize);
  const note =
    cut > 0
      ? `note: ${cut} of ${examples.length} examples are longer than ${maxLength} tokens and were ` +
        `cut${dropped > 0 ? `; ${dropped} of them have no completion left and were dropped` : ''}\n`
      : '';
  return { sequences, note };
}

/** A model on disk: its decoder, and its tokenizer where the folder has one. */
import { join } from 'node:path';
import { openCheckpoint, readTextIfPresent } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import type { LanguageModel } from '../decoder/language-model.js';
import { createTokenizer, type Tokenizer } from '../decoder/tokenizer/tokenizer.js';

export interface Model {
  readonly decoder: Decoder;
  /** Absent when the folder has no tokenizer.json. */
  readonly tokenizer?: Tokenizer;
}

/**
 * @param folder with `config.json`, the weights as safetensors, and `tokenizer.json` with
 *   `tokenizer_config.json` if there are any
 * @throws AlphaLoraError see `openCheckpoint`, `loadDecoder` and `createTokenizer`;
 *   `INVALID_CHECKPOINT` when there is no config.json
 */
export async function loadModel(folder: string): Promise<Model> {
  const tokenizer = await loadTokenizer(folder);
  const checkpoint = await openCheckpoint(folder);
  try {
    if (!checkpoint.config) {
      throw new AlphaLoraError(
        'INVALID_CHECKPOINT',
        `${folder} has no config.json: give the folder of a model as transformers saves it`,
        { details: { file: folder } },
      );
    }
    return { decoder: await loadDecoder(checkpoint), ...(tokenizer && { tokenizer }) };
  } finally {
    await checkpoint.close();
  }
}

/**
 * A model that reads and writes text.
 *
 * @param folder see `loadModel`
 * @throws AlphaLoraError see `loadModel`; `INVALID_CHECKPOINT` when there is no tokenizer.json
 */
export async function loadLanguageModel(folder: string): Promise<LanguageModel> {
  const { decoder, tokenizer } = await loadModel(folder);
  if (tokenizer) return { decoder, tokenizer };
  decoder.dispose();
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${folder} has no tokenizer.json: training and generating need the one that the model was trained with`,
    { details: { file: folder } },
  );
}

async function loadTokenizer(folder: string): Promise<Tokenizer | undefined> {
  const tokenizer = await readJson(join(folder, 'tokenizer.json'));
  if (tokenizer === undefined) return undefined;
  return createTokenizer(tokenizer, await readJson(join(folder, 'tokenizer_config.json')));
}

/** @returns undefined when there is no such file */
async function readJson(path: string): Promise<unknown> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AlphaLoraError('INVALID_CHECKPOINT', `${path} is not JSON`, { cause });
  }
}

/** An encoder on disk, with its tokenizer and what sentence-transformers saved of how it makes vectors. */
import { join } from 'node:path';
import {
  adviseOnHub,
  downloadFirst,
  openCheckpoint,
  readTextIfPresent,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import { vocabularyTokenizer } from '../decoder/tokenizer/bert-vocabulary.js';
import { createTokenizer, type Tokenizer } from '../decoder/tokenizer/tokenizer.js';
import { encoderConfig } from '../encoder/config.js';
import type { EmbeddingModel } from '../encoder/embed.js';
import {
  type EmbeddingSettings,
  embeddingSettings,
  sentenceModules,
} from '../encoder/embedding-settings.js';
import { encoderOf } from '../encoder/encoder.js';
import { readJson } from './load.js';
import { withMemoryErrors } from './memory-check.js';

export interface LoadEncoderOptions {
  /** What people should know of how the files were read, in a sentence. */
  onNote?: ((note: string) => void) | undefined;
}

/**
 * @param path a folder as sentence-transformers or transformers saves it: `config.json`, the weights,
 *   `tokenizer.json` or `vocab.txt` with `tokenizer_config.json`, and `modules.json` with what it names.
 *   Without modules.json, vectors are the mean of all tokens, of any length, which a note tells
 * @throws AlphaLoraError see `openCheckpoint`, `encoderConfig`, `encoderOf`, `sentenceModules`,
 *   `embeddingSettings` and `createTokenizer`; `INVALID_CHECKPOINT` when there is no configuration or no tokenizer
 */
export async function loadEncoder(
  path: string,
  { onNote }: LoadEncoderOptions = {},
): Promise<EmbeddingModel> {
  const json = await readJson(join(path, 'modules.json'));
  const modules = json === undefined ? undefined : sentenceModules(json);
  const folder = join(path, modules?.transformer ?? '');
  const checkpoint = await adviseOnHub(path, downloadFirst, () => openCheckpoint(folder));
  try {
    for (const note of checkpoint.notes) onNote?.(note);
    if (!checkpoint.config) {
      throw new AlphaLoraError(
        'INVALID_CHECKPOINT',
        `${folder} has no config.json: give the folder of a model as sentence-transformers or transformers saves it`,
        { details: { file: folder } },
      );
    }
    const settings = embeddingSettings(
      modules,
      {
        pooling: modules && (await poolingIn(join(path, modules.pooling))),
        sentence: await readJson(join(folder, 'sentence_bert_config.json')),
        prompts: await readJson(join(path, 'config_sentence_transformers.json')),
        tokenizer: await readJson(join(folder, 'tokenizer_config.json')),
      },
      encoderConfig(checkpoint.config),
    );
    if (!modules) {
      onNote?.(
        `${path} has no modules.json: a vector is the mean of the tokens' and not divided by its length, as sentence-transformers has it by default`,
      );
    }
    const tokenizer = await tokenizerIn(folder, settings);
    const encoder = await withMemoryErrors(() => encoderOf(checkpoint));
    return { encoder, tokenizer, settings, dispose: encoder.dispose };
  } finally {
    await checkpoint.close();
  }
}

async function poolingIn(folder: string): Promise<unknown> {
  const file = join(folder, 'config.json');
  const pooling = await readJson(file);
  if (pooling !== undefined) return pooling;
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${file} is missing, which says how vectors are made: download the whole model, with its folders`,
    { details: { file } },
  );
}

async function tokenizerIn(folder: string, { lowercase }: EmbeddingSettings): Promise<Tokenizer> {
  const stored = await readJson(join(folder, 'tokenizer_config.json'));
  const config = { tokenizer_class: 'BertTokenizer', ...Object(stored) };
  const json = await readJson(join(folder, 'tokenizer.json'));
  const vocabulary =
    json === undefined ? await readTextIfPresent(join(folder, 'vocab.txt')) : undefined;
  if (json === undefined && vocabulary === undefined) {
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `${folder} has neither tokenizer.json nor vocab.txt: texts need the tokenizer that the model was trained with`,
      { details: { file: folder } },
    );
  }
  const tokenizer = json ?? vocabularyTokenizer(vocabulary!, config);
  return createTokenizer(lowercase ? inLowercase(tokenizer) : tokenizer, config);
}

/** With its normalizer behind one that puts texts in lower case. */
function inLowercase(tokenizer: unknown): object {
  const { normalizer } = Object(tokenizer);
  const normalizers = [{ type: 'Lowercase' }, ...(normalizer ? [normalizer] : [])];
  return { ...Object(tokenizer), normalizer: { type: 'Sequence', normalizers } };
}

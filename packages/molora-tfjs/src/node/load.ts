/** A model on disk: its decoder, and its tokenizer where the folder or the file of weights has one. */
import { join } from 'node:path';
import type { Checkpoint } from '@alphalora/checkpoint';
import {
  adviseOnHub,
  downloadFirst,
  openCheckpoint,
  readTextIfPresent,
} from '@alphalora/checkpoint/node';
import { AlphaLoraError, defined } from '@alphalora/contracts';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import type { LanguageModel } from '../decoder/language-model.js';
import { type ChatTemplate, createChatTemplate } from '../decoder/tokenizer/chat-template.js';
import { createTokenizer, type Tokenizer } from '../decoder/tokenizer/tokenizer.js';

export interface Model {
  readonly decoder: Decoder;
  /** Absent when there is no tokenizer.json, nor a tokenizer in the file of weights. */
  readonly tokenizer?: Tokenizer;
  /** Absent when the tokenizer comes without one. */
  readonly chat?: ChatTemplate;
}

/** Where the files of a model lie. */
export interface ModelLocation {
  /** See `loadModel`. */
  path: string;
  /** What documents call the model. */
  source: string;
}

/** Options of runs over a model. */
export interface LocateOptions {
  /** Folder of the model, with its tokenizer: see `loadModel`; or what `locate` knows. */
  model: string;
  /**
   * Says where a model lies that is not named by its path, after a download where that is needed. It is
   * asked once, when the data has been read. @default the model is a path
   */
  locate?: (model: string) => Promise<ModelLocation>;
}

export async function located({ model, locate }: LocateOptions): Promise<ModelLocation> {
  return locate ? locate(model) : { path: model, source: model };
}

interface LoadOptions {
  /** What people should know of how the files were read, in a sentence. */
  onNote?: ((note: string) => void) | undefined;
}

/**
 * @param path a folder with `config.json`, the weights as safetensors, and `tokenizer.json` with
 *   `tokenizer_config.json` and `chat_template.jinja` if there are any; or a file of weights that holds all of these, such as GGUF
 * @throws AlphaLoraError see `openCheckpoint`, `loadDecoder` and `createTokenizer`;
 *   `INVALID_CHECKPOINT` when there is no configuration
 */
export async function loadModel(path: string, { onNote }: LoadOptions = {}): Promise<Model> {
  const checkpoint = await adviseOnHub(path, downloadFirst, () => openCheckpoint(path));
  for (const note of checkpoint.notes) onNote?.(note);
  try {
    if (!checkpoint.config) {
      throw new AlphaLoraError(
        'INVALID_CHECKPOINT',
        `${path} has no config.json: give the folder of a model as transformers saves it, or a GGUF file`,
        { details: { file: path } },
      );
    }
    const text = await loadTokenizer(path, checkpoint);
    return { decoder: await loadDecoder(checkpoint), ...text };
  } finally {
    await checkpoint.close();
  }
}

/**
 * A model that reads and writes text.
 *
 * @param path see `loadModel`
 * @throws AlphaLoraError see `loadModel`; `INVALID_CHECKPOINT` when there is no tokenizer
 */
export async function loadLanguageModel(
  path: string,
  options: LoadOptions = {},
): Promise<LanguageModel> {
  const { decoder, tokenizer, chat } = await loadModel(path, options);
  if (tokenizer) return { decoder, tokenizer, ...defined({ chat }) };
  decoder.dispose();
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${path} has no tokenizer.json: training and generating need the one that the model was trained with`,
    { details: { file: path } },
  );
}

/** That of the folder comes first. */
async function loadTokenizer(
  path: string,
  checkpoint: Checkpoint,
): Promise<Pick<Model, 'tokenizer' | 'chat'>> {
  const tokenizer = await readJson(join(path, 'tokenizer.json'));
  if (tokenizer === undefined) {
    const own = checkpoint.tokenizer?.();
    return own ? textOf(own.tokenizer, own.config) : {};
  }
  const config = await readJson(join(path, 'tokenizer_config.json'));
  // As in transformers, a template in a file of its own comes first.
  const template = await readTextIfPresent(join(path, 'chat_template.jinja'));
  return textOf(tokenizer, config, template);
}

function textOf(tokenizer: unknown, config: unknown, template?: string) {
  const chat = createChatTemplate(
    template === undefined ? config : { ...Object(config), chat_template: template },
  );
  return { tokenizer: createTokenizer(tokenizer, config), ...defined({ chat }) };
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

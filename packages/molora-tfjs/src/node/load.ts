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
import type { WeightDescription } from '@alphalora/contracts/weights';
import type { DecoderConfig } from '../decoder/config.js';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import { decoderConfig } from '../decoder/families/index.js';
import type { LanguageModel } from '../decoder/language-model.js';
import { type ChatTemplate, createChatTemplate } from '../decoder/tokenizer/chat-template.js';
import { createTokenizer, type Tokenizer } from '../decoder/tokenizer/tokenizer.js';
import { withMemoryErrors } from './memory-check.js';

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

/** A model with its text part read, and its weights not yet. */
interface OpenedModel extends Omit<Model, 'decoder'> {
  readonly config: DecoderConfig;
  /** What there is to read. */
  readonly weights: readonly WeightDescription[];
  /** Reads the weights. @throws AlphaLoraError see `loadDecoder` */
  load(): Promise<Decoder>;
  close(): Promise<void>;
}

/**
 * @param path see `loadModel`
 * @throws AlphaLoraError see `openCheckpoint`, `decoderConfig` and `createTokenizer`;
 *   `INVALID_CHECKPOINT` when there is no configuration
 */
async function openModel(path: string, { onNote }: LoadOptions = {}): Promise<OpenedModel> {
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
    const config = decoderConfig(checkpoint.config, checkpoint.tensors);
    if (config.note !== undefined) onNote?.(`${path}: ${config.note}`);
    const ends = await endTokens(path, config, text.tokenizer);
    if (text.tokenizer && ends.length === 0) {
      onNote?.(
        `${path} names no token that ends a text, neither in generation_config.json nor in config.json nor with its tokenizer: examples are learned without an end, and generating stops at the most tokens asked for`,
      );
    }
    const configJson = { ...checkpoint.config, eos_token_id: ends };
    return {
      config: { ...config, endTokens: ends },
      weights: checkpoint.tensors,
      ...text,
      load: () => withMemoryErrors(() => loadDecoder(checkpoint, configJson)),
      close: () => checkpoint.close(),
    };
  } catch (error) {
    await checkpoint.close();
    throw error;
  }
}

/**
 * @param path a folder with `config.json`, the weights as safetensors, and `tokenizer.json` with
 *   `tokenizer_config.json` and `chat_template.jinja` if there are any; or a file of weights that holds all of these, such as GGUF
 * @throws AlphaLoraError see `openModel` and `loadDecoder`
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  const { load, close, tokenizer, chat } = await openModel(path, options);
  return { decoder: await load().finally(close), ...defined({ tokenizer, chat }) };
}

/** A language model with its weights not yet read. */
export type OpenedLanguageModel = OpenedModel & Required<Pick<OpenedModel, 'tokenizer'>>;

/**
 * A model that reads and writes text.
 *
 * @param path see `loadModel`
 * @throws AlphaLoraError see `openModel`; `INVALID_CHECKPOINT` when there is no tokenizer
 */
export async function openLanguageModel(
  path: string,
  options: LoadOptions = {},
): Promise<OpenedLanguageModel> {
  const opened = await openModel(path, options);
  const { tokenizer } = opened;
  if (tokenizer) return { ...opened, tokenizer };
  await opened.close();
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${path} has no tokenizer.json: training and generating need the one that the model was trained with`,
    { details: { file: path } },
  );
}

/** @throws AlphaLoraError see `openLanguageModel` and `loadDecoder` */
export async function loadLanguageModel(
  path: string,
  options: LoadOptions = {},
): Promise<LanguageModel> {
  const opened = await openLanguageModel(path, options);
  return languageModel(opened).finally(opened.close);
}

/** Reads the weights. */
export async function languageModel(opened: OpenedLanguageModel): Promise<LanguageModel> {
  const { load, tokenizer, chat } = opened;
  return { decoder: await load(), tokenizer, ...defined({ chat }) };
}

/** Every token that ends a text, whichever file names it; as in transformers, generation_config.json comes first. */
async function endTokens(
  path: string,
  config: DecoderConfig,
  tokenizer: Tokenizer | undefined,
): Promise<number[]> {
  const generation = Object(await readJson(join(path, 'generation_config.json')));
  const named = [...[generation.eos_token_id ?? []].flat(), ...config.endTokens];
  return [
    ...new Set<number>([
      ...named,
      ...(tokenizer?.endToken === undefined ? [] : [tokenizer.endToken]),
    ]),
  ];
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
export async function readJson(path: string): Promise<unknown> {
  const text = await readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AlphaLoraError('INVALID_CHECKPOINT', `${path} is not JSON`, { cause });
  }
}

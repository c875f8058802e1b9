/**
 * How the vectors of tokens become one of a text, from the files of sentence-transformers, those before
 * version 6 included: `modules.json`, the `config.json` of its pooling, `sentence_bert_config.json` and
 * `config_sentence_transformers.json`.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import type { EncoderConfig } from './config.js';
import type { Pooling } from './pooling.js';

export interface EmbeddingSettings {
  readonly pooling: Pooling;
  /** Whether vectors are divided by their lengths. */
  readonly unit: boolean;
  /** Of a text, special ones included; what is beyond them is cut off. */
  readonly maxTokens: number;
  /** Put before each text; mostly empty. */
  readonly prompt: string;
  /** Whether texts are put in lower case before the tokenizer has them. */
  readonly lowercase: boolean;
}

/** Parsed files; those that a model has not are undefined. */
export interface SentenceFiles {
  /** `config.json` in the folder of the module `Pooling`. */
  readonly pooling?: unknown;
  /** `sentence_bert_config.json` */
  readonly sentence?: unknown;
  /** `config_sentence_transformers.json` */
  readonly prompts?: unknown;
  /** `tokenizer_config.json` */
  readonly tokenizer?: unknown;
}

export interface SentenceModules {
  /** Folders within that of the model; empty for itself. */
  readonly transformer: string;
  readonly pooling: string;
  readonly unit: boolean;
}

const modulesSchema = v.array(v.object({ type: v.string(), path: v.string() }));

/**
 * @param json the parsed `modules.json`
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for other modules than Transformer, Pooling and Normalize,
 *   in this order, `INVALID_CHECKPOINT` when it is no list of modules
 */
export function sentenceModules(json: unknown): SentenceModules {
  const modules = checked(modulesSchema, json, 'modules.json');
  const names = modules.map(({ type }) => type.slice(type.lastIndexOf('.') + 1));
  const known = ['Transformer', 'Pooling', 'Normalize'];
  const other = names.find((name, i) => name !== known[i]);
  if (other !== undefined || names.length < 2) {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `modules.json has the modules ${names.join(', ') || 'of nothing'}: vectors are computed here by Transformer, Pooling and, where it is there, Normalize`,
    );
  }
  for (const { path } of modules) {
    if (/^[\w.-]*$/.test(path) && path !== '..') continue;
    throw new AlphaLoraError(
      'INVALID_CHECKPOINT',
      `modules.json: ${JSON.stringify(path)} is not a folder within that of the model`,
    );
  }
  return {
    transformer: modules[0]!.path,
    pooling: modules[1]!.path,
    unit: names.length > 2,
  };
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const sentenceSchema = v.looseObject({
  max_seq_length: v.nullish(count),
  do_lower_case: v.nullish(v.boolean(), false),
});
// A tokenizer without a limit says 1e30.
const tokenizerSchema = v.looseObject({ model_max_length: v.nullish(v.number()) });
const promptSchema = v.looseObject({
  prompts: v.nullish(v.record(v.string(), v.nullish(v.string())), {}),
  default_prompt_name: v.nullish(v.string()),
});
const poolingSchema = v.looseObject({
  pooling_mode: v.nullish(v.union([v.string(), v.array(v.string())])),
  include_prompt: v.nullish(v.boolean(), true),
});

/**
 * @param modules undefined where there is no `modules.json`: as in sentence-transformers, the mean of all
 *   tokens then, whatever its length
 * @throws AlphaLoraError `UNSUPPORTED_CHECKPOINT` for another pooling than the mean or the first token,
 *   `INVALID_CHECKPOINT` for a file with a setting of another kind
 */
export function embeddingSettings(
  modules: SentenceModules | undefined,
  files: SentenceFiles,
  { maxPositions }: Pick<EncoderConfig, 'maxPositions'>,
): EmbeddingSettings {
  const sentence = checked(sentenceSchema, files.sentence ?? {}, 'sentence_bert_config.json');
  const { model_max_length } = checked(
    tokenizerSchema,
    files.tokenizer ?? {},
    'tokenizer_config.json',
  );
  const asked = sentence.max_seq_length ?? model_max_length ?? maxPositions;
  const prompt = promptOf(files.prompts);
  return {
    pooling: modules ? poolingOf(files.pooling, prompt) : 'mean',
    unit: modules?.unit ?? false,
    maxTokens: Math.min(asked, maxPositions),
    prompt,
    lowercase: sentence.do_lower_case ?? false,
  };
}

function promptOf(json: unknown): string {
  const file = 'config_sentence_transformers.json';
  const { prompts, default_prompt_name: name } = checked(promptSchema, json ?? {}, file);
  if (typeof name !== 'string') return '';
  const prompt = Object.hasOwn(prompts ?? {}, name) ? prompts?.[name] : undefined;
  if (typeof prompt === 'string') return prompt;
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${file}: default_prompt_name is ${JSON.stringify(name)}, and there is no such prompt`,
  );
}

/** Names of modes before version 6, each of which is on or off. */
const formerMode = /^pooling_mode_(.+?)(_tokens?)?$/;

function poolingOf(json: unknown, prompt: string): Pooling {
  const settings = checked(poolingSchema, json, 'config.json of the pooling');
  const former = Object.keys(settings).filter(
    (name) => formerMode.test(name) && settings[name] === true,
  );
  const modes = settings.pooling_mode
    ? [settings.pooling_mode].flat()
    : former.map((name) => formerMode.exec(name)![1]!);
  const [mode = 'mean'] = modes;
  if (modes.length > 1 || (mode !== 'mean' && mode !== 'cls')) {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      `the pooling ${modes.join(' with ')} cannot be computed here; it can be mean or cls`,
    );
  }
  if (settings.include_prompt === false && prompt !== '') {
    throw new AlphaLoraError(
      'UNSUPPORTED_CHECKPOINT',
      'the pooling leaves out the tokens of the prompt (include_prompt false), which cannot be computed here',
    );
  }
  return mode;
}

function checked<Schema extends v.GenericSchema>(
  schema: Schema,
  json: unknown,
  file: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${file}: ${v.getDotPath(issue!) ?? 'the file'}: ${issue!.message}`,
  );
}

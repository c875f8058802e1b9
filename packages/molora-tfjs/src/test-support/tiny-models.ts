/** Tiny random models of transformers with what they compute there, as `tiny-models.py` beside this file makes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { runPython } from '@alphalora/testing/python';

export interface TinyModelCase {
  readonly name: string;
  /** Settings of its configuration, with `model_type`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** How llama.cpp's converter writes it. */
  readonly gguf?: {
    readonly arch: string;
    /** Queries and keys have the rows of a pair beside each other. */
    readonly interleaved?: boolean;
    readonly gainsFromOne?: boolean;
    readonly integers?: Readonly<Record<string, number>>;
    readonly floats?: Readonly<Record<string, number>>;
    readonly texts?: Readonly<Record<string, string>>;
    readonly tensors?: Readonly<Record<string, readonly number[]>>;
  };
  /** The longest text of a batch decides on the positions of all. */
  readonly alone?: boolean;
  /** Linear maps of the blocks that no adapter is put on, by how their names end. */
  readonly frozen?: readonly string[];
}

export interface TinyModelResult {
  readonly prompts: readonly number[][];
  /** Of each prompt, [tokens * vocabulary]. */
  readonly logits: readonly number[][];
  readonly greedy: readonly number[][];
  /** Of the first prompt, with the LoRA on all linear maps of the blocks. */
  readonly loss: number;
  readonly lora: Readonly<Record<string, LoraOfModule>>;
}

interface LoraOfModule {
  readonly inputs: number;
  readonly outputs: number;
  /** [inputs, rank] and [rank, outputs]. */
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly gradientA: readonly number[];
  readonly gradientB: readonly number[];
}

export interface TinyModels {
  /** The folder of a model. */
  folder(name: string): string;
  gguf(name: string): string;
  result(name: string): TinyModelResult;
}

export function makeTinyModels(cases: readonly TinyModelCase[]): TinyModels {
  const folder = temporaryFolder('tiny-models');
  const program = readFileSync(new URL('./tiny-models.py', import.meta.url), 'utf8');
  runPython(program, { input: JSON.stringify({ folder, cases }) });
  const path = (name: string): string => join(folder, name);
  return {
    folder: path,
    gguf: (name) => path(`${name}.gguf`),
    result: (name) => JSON.parse(readFileSync(path(`${name}.json`), 'utf8')),
  };
}

/** Tiny random models with what transformers computes of them, as `golden-models.py` beside this file made them. */
import { readFileSync } from 'node:fs';
import { type Decoder, loadDecoder } from '../decoder/decoder.js';
import { encoderCheckpoint } from './random-encoder.js';

export interface GoldenModel {
  readonly config: Readonly<Record<string, unknown>> & { readonly model_type: string };
  readonly prompts: number[][];
  /** Greedy continuations of the prompts. */
  readonly texts: number[][];
  /** Of the first prompt, [tokens * vocabulary]. */
  readonly logits: number[];
  /** Times 1024. */
  readonly weights: Readonly<Record<string, { shape: number[]; values: number[] }>>;
}

export const goldenModels: readonly GoldenModel[] = JSON.parse(
  readFileSync(new URL('./golden-models.json', import.meta.url), 'utf8'),
);

/** @param rename of tensors */
export async function loadGolden(
  { config, weights }: GoldenModel,
  rename = (name: string) => name,
): Promise<Decoder> {
  const tensors = Object.entries(weights).map(
    ([name, { shape, values }]) =>
      [
        rename(name),
        { shape, values: Float32Array.from(values, (value) => value / 1024) },
      ] as const,
  );
  return loadDecoder(await encoderCheckpoint(new Map(tensors), config));
}

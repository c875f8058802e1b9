/** What a GGUF file holds, in the words of the checkpoint that it was made of. */
import type { FormatContent } from '@alphalora/contracts/extensions';
import type { ByteSource, StoredTensor } from '@alphalora/contracts/weights';
import { storedTensor } from '../../tensors/stored.js';
import { blockSettings, configOf, configOfTensors } from './config.js';
import { readHeader } from './header.js';
import { longScalingOf, type Scaling, scalingOf } from './rope.js';
import { numberIn, type Settings, settingsOf } from './settings.js';
import { originalPlaces } from './tensors.js';
import { tokenizerOf } from './tokenizer.js';

/**
 * @param first what the first of several files holds: the others say nothing of the model
 * @throws AlphaLoraError as `readHeader`; `INVALID_CHECKPOINT` where settings contradict the tensors
 */
export async function readGguf(
  source: ByteSource,
  signal?: AbortSignal,
  first?: FormatContent,
): Promise<FormatContent> {
  const { metadata, tensors: stored } = await readHeader(source, signal);
  const own = settingsOf(metadata);
  const settings = first ? first.metadata : own;
  const places = stored.flatMap((place) => originalPlaces(place, settings, source.name));
  const divisors = (name: string): StoredTensor | undefined => {
    const place = stored.find((each) => each.name === `${name}.weight`);
    return place && storedTensor(source, place);
  };
  const scaling = await scalingIn(divisors, settings, signal);
  const config = { ...configOf(own, scaling), ...configOfTensors(stored) };
  const count = Number(own['split.count'] ?? 1);
  const hasTokenizer = metadata.has('tokenizer.ggml.tokens');
  return {
    tensors: places.map((place) => storedTensor(source, place)),
    metadata: own,
    config,
    settingNames: blockSettings(settings),
    ...(count > 1 && { files: count }),
    ...(hasTokenizer && {
      // Several hundred thousand texts, and a few tokenizers are refused: only when it is asked for.
      tokenizer: () => tokenizerOf(metadata, source.name),
    }),
  };
}

/** @param divisors of the frequencies, by name */
async function scalingIn(
  divisors: (name: string) => StoredTensor | undefined,
  settings: Settings,
  signal?: AbortSignal,
): Promise<Scaling | undefined> {
  const [all, short, long] = ['rope_freqs', 'rope_factors_short', 'rope_factors_long'].map(
    divisors,
  );
  if (short && long) {
    return longScalingOf({ short, long }, numberIn(settings, 'rope.scaling.attn_factor'), signal);
  }
  return all && scalingOf(all, numberIn(settings, 'rope.freq_base') ?? 10_000, signal);
}

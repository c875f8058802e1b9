/** `alphalora generate`: goes on with a text. */
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tell } from '../../output/printable.js';
import { writeJson } from '../../output/result.js';
import { startRuntime } from '../../training/runtime.js';
import type { GenerateOptions } from './command.js';

export async function run(model: string, options: GenerateOptions, io: Io): Promise<ExitCode> {
  const { prompt, maxTokens, temperature, topP, seed, json } = options;
  const { molora } = await startRuntime(options, io);
  const { decoder, tokenizer } = await molora.loadLanguageModel(model, {
    onNote: (note) => tell(io.stderr, `note: ${note}`),
  });
  const adapted =
    options.adapter === undefined
      ? undefined
      : molora.adaptedModel(decoder, (await molora.loadAdapter(options.adapter)).state);
  const ids = tokenizer.encode(prompt);
  const { maxPositions } = decoder.config;
  const left = maxPositions - ids.length;
  if (left > 0 && left < maxTokens) {
    io.stderr.write(
      `note: the prompt takes ${ids.length} of the model's ${maxPositions} positions: at most ${left} tokens follow\n`,
    );
  }
  const written: number[] = [];
  let shown = '';
  const [continued] = await molora.generate(decoder, [ids], {
    maxTokens,
    temperature,
    topP,
    seed,
    signal: io.signal,
    ...(adapted && { adapter: adapted.adapter }),
    onToken(token) {
      if (json) return;
      written.push(token);
      // Decoded as a whole: a token may be a part of a character.
      const text = tokenizer.decode([...ids, ...written]);
      if (text.endsWith('\ufffd') || !text.startsWith(shown)) return;
      io.stdout.write(text.slice(shown.length));
      shown = text;
    },
  });
  const text = tokenizer.decode([...ids, ...continued!]);
  if (json) {
    writeJson(io.stdout, { prompt, text, tokens: continued!.length });
  } else {
    io.stdout.write(`${text.startsWith(shown) ? text.slice(shown.length) : ''}\n`);
  }
  return exitCodes.done;
}

/** `alphalora generate`: goes on with a text. */
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { adapterOf } from '../training/adapter.js';
import { type BackendOptions, startRuntime } from '../training/runtime.js';
import { loadLanguageModel } from '../training/session.js';

export interface GenerateOptions extends BackendOptions {
  prompt: string;
  adapter?: string;
  maxTokens: number;
  temperature: number;
  topP: number;
  seed: number;
  json?: boolean;
}

export async function generate(
  folder: string,
  options: GenerateOptions,
  io: Io,
): Promise<ExitCode> {
  const { prompt, maxTokens, temperature, topP, seed, json } = options;
  const runtime = await startRuntime(options, io);
  const { decoder, tokenizer } = await loadLanguageModel(runtime, folder);
  const adapter =
    options.adapter === undefined ? undefined : await adapterOf(runtime, options.adapter);
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
  const [continued] = await runtime.molora.generate(decoder, [ids], {
    maxTokens,
    temperature,
    topP,
    seed,
    signal: io.signal,
    ...(adapter && { adapter }),
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
    const tokens = continued!.length;
    io.stdout.write(`${JSON.stringify({ prompt, text, tokens }, null, 2)}\n`, 'data');
  } else {
    io.stdout.write(`${text.startsWith(shown) ? text.slice(shown.length) : ''}\n`);
  }
  return exitCodes.done;
}

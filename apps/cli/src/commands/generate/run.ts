/** `alphalora generate`: continues a prompt. */

import { readText } from '../../files/read.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tell } from '../../output/printable.js';
import { writeJson } from '../../output/result.js';
import { startRuntime } from '../../training/runtime.js';
import type { GenerateOptions } from './command.js';

export async function run(model: string, options: GenerateOptions, io: Io): Promise<ExitCode> {
  const { maxTokens, temperature, topP, seed, json } = options;
  const prompt =
    options.prompt === '-' ? (await readText('-', io)).replace(/\r?\n$/, '') : options.prompt;
  const { molora } = await startRuntime(options, io);
  const { decoder, tokenizer, chat } = await molora.loadLanguageModel(model, {
    onNote: (note) => tell(io.stderr, `note: ${note}`),
  });
  const adapted =
    options.adapter === undefined
      ? undefined
      : molora.adaptedModel(decoder, (await molora.loadAdapter(options.adapter)).state);
  const asked =
    options.chat &&
    molora.requireChatTemplate(chat)([{ role: 'user', content: prompt }], { ask: true });
  const ids = asked ? tokenizer.encode(asked, { begin: false }) : tokenizer.encode(prompt);
  const kept = asked ? [] : ids;
  const end = tokenizer.endToken;
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
    ...(asked && end !== undefined && { endTokens: [...decoder.config.endTokens, end] }),
    ...(adapted && { adapter: adapted.adapter }),
    onToken(token) {
      if (json) return;
      written.push(token);
      // Decoded as a whole: a token may be a part of a character.
      const text = tokenizer.decode([...kept, ...written]);
      if (text.endsWith('\ufffd') || !text.startsWith(shown)) return;
      io.stdout.write(text.slice(shown.length));
      shown = text;
    },
  });
  const text = tokenizer.decode([...kept, ...continued!]);
  if (json) {
    writeJson(io.stdout, { prompt, text, tokens: continued!.length });
  } else {
    io.stdout.write(`${text.startsWith(shown) ? text.slice(shown.length) : ''}\n`);
  }
  return exitCodes.done;
}

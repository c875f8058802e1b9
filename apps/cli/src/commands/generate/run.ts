/** `alphalora generate`: continues a prompt. */
import { AlphaLoraError } from '@alphalora/contracts';
import { readText } from '../../files/read.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { locateModel } from '../../measuring/model.js';
import { tell } from '../../output/printable.js';
import { writeJson } from '../../output/result.js';
import { startRuntime } from '../../training/runtime.js';
import type { GenerateOptions } from './command.js';

export async function run(model: string, options: GenerateOptions, io: Io): Promise<ExitCode> {
  const { maxTokens, temperature, topP, seed, json } = options;
  const prompt = await promptOf(options, io);
  const { molora } = await startRuntime(options, io);
  const { path } = await locateModel(options, io)(model);
  const { decoder, tokenizer, chat } = await molora.loadLanguageModel(path, {
    onNote: (note) => tell(io.stderr, `note: ${note}`),
  });
  const stored =
    options.adapter === undefined ? undefined : await molora.loadAdapter(options.adapter);
  for (const note of stored?.notes ?? []) tell(io.stderr, `note: ${note}`);
  const adapted = stored && molora.adaptedModel(decoder, stored.state);
  const asked =
    options.chat &&
    molora.requireChatTemplate(chat)([{ role: 'user', content: prompt }], { ask: true });
  const ids = asked ? tokenizer.encode(asked, { begin: false }) : tokenizer.encode(prompt);
  const kept = asked ? [] : ids;
  if (ids.length === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'the prompt is empty, and the model needs at least one token to go on from: give it a word',
    );
  }
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

/** That of the command line, or what stdin brings, without the line end that a shell adds. */
async function promptOf({ prompt }: GenerateOptions, io: Io): Promise<string> {
  if (prompt !== undefined && prompt !== '-') return prompt;
  const refuse = (what: string): never => {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      `${what}: give --prompt "text", or pipe it in, as in echo "text" | alphalora generate model`,
    );
  };
  if (prompt === undefined && process.stdin.isTTY) return refuse('there is no prompt');
  const text = (await readText('-', io)).replace(/^\ufeff|\r?\n$/g, '');
  return text === '' && prompt === undefined
    ? refuse('there is no prompt, and stdin is empty')
    : text;
}

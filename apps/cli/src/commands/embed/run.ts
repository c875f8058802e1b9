/** `alphalora embed`: turns texts into vectors. */
import { writeFileAtomic } from '@alphalora/checkpoint/node';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Embedding } from '@alphalora/molora-tfjs/encoder';
import { isStdout } from '../../files/write.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { locateModel } from '../../measuring/model.js';
import { tell } from '../../output/printable.js';
import { statusLine } from '../../output/progress.js';
import { requireOneResult, writeJson, writeResult } from '../../output/result.js';
import { startRuntime } from '../../training/runtime.js';
import type { EmbedOptions } from './command.js';
import { textsOf } from './texts.js';

type Output = 'npy' | 'jsonl';

export async function run(model: string, options: EmbedOptions, io: Io): Promise<ExitCode> {
  const { output, batchSize } = options;
  requireOneResult(options);
  const form = formOf(output);
  const texts = await textsOf(options, io);
  const { molora } = await startRuntime(options, io);
  const { path, source } = await locateModel(options, io)(model);
  const encoder = await molora.loadEncoder(path, {
    onNote: (note) => tell(io.stderr, `note: ${note}`),
  });
  const { pooling, unit, maxTokens } = encoder.settings;
  const line = statusLine(io.stderr, (done: number, total: number) => [`${done}/${total} texts`]);
  const embeddings = await molora
    .embed(encoder, texts, { batchSize, signal: io.signal, onProgress: line.update })
    .finally(line.clear);
  const cut = embeddings.filter(({ tokens }) => tokens > maxTokens).length;
  if (cut > 0) {
    tell(
      io.stderr,
      `note: ${cut} of ${texts.length} texts are longer than the model's ${maxTokens} tokens: only their beginnings count`,
    );
  }
  const size = encoder.encoder.config.hiddenSize;
  const facts = { model: source, size, pooling, unit, maxTokens };
  if (output === undefined || isStdout(output)) {
    const vectors = texts.map((text, i) => ({ text, ...plain(embeddings[i]!) }));
    if (options.json) writeJson(io.stdout, { ...facts, vectors });
    else io.stdout.write(lines(texts, embeddings), 'data');
    return exitCodes.done;
  }
  const content =
    form === 'npy' ? molora.numpyArray(...matrix(embeddings, size)) : lines(texts, embeddings);
  await writeFileAtomic(output, content, { signal: io.signal });
  writeResult(
    io.stdout,
    options,
    { ...facts, texts: texts.length, cut, output },
    () =>
      `${texts.length} vectors of ${size} numbers: ${pooling === 'mean' ? 'the mean of the tokens' : 'the first token'}${unit ? ', divided by its length' : ''}\n`,
  );
  tell(io.stderr, `wrote ${output}`);
  return exitCodes.done;
}

/** @throws AlphaLoraError `INVALID_OPTION` where the name says neither of the forms */
function formOf(output: string | undefined): Output {
  if (output === undefined || isStdout(output)) return 'jsonl';
  const [, form] = /\.(npy|jsonl)$/.exec(output) ?? [];
  if (form !== undefined) return form as Output;
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `-o ${output} has to end with .npy, for a file of numpy, or .jsonl, for JSON lines`,
  );
}

/** Nine digits tell float32 numbers apart. */
function plain({ vector, tokens }: Embedding): { tokens: number; vector: number[] } {
  return { tokens, vector: Array.from(vector, (value) => Number(value.toPrecision(9))) };
}

function lines(texts: readonly string[], embeddings: readonly Embedding[]): string {
  return texts
    .map((text, i) => `${JSON.stringify({ text, vector: plain(embeddings[i]!).vector })}\n`)
    .join('');
}

function matrix(embeddings: readonly Embedding[], size: number): [Float32Array, shape: number[]] {
  const values = new Float32Array(embeddings.length * size);
  for (const [row, { vector }] of embeddings.entries()) values.set(vector, row * size);
  return [values, [embeddings.length, size]];
}

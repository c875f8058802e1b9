/** `alphalora calibrate`: scores of projections from one pass over data. */
import { defined, type Scores } from '@alphalora/contracts';
import { formatDocument } from '@alphalora/documents';
import { tool } from '@alphalora/measuring';
import { fastestEngine } from '@alphalora/measuring/engines';
import type { CalibrationMeasure } from '@alphalora/molora-tfjs/node';
import { isStdout, writeOutput } from '../../files/write.js';
import { orInterruption } from '../../interrupt.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { locateModel } from '../../measuring/model.js';
import { printableData, tell } from '../../output/printable.js';
import { writeJson } from '../../output/result.js';
import { batchProgress } from '../../output/training.js';
import { startRuntime } from '../../training/runtime.js';
import type { CalibrateOptions } from './command.js';

export async function run(model: string, options: CalibrateOptions, io: Io): Promise<ExitCode> {
  const { task, wording, data, limit, cutoff, measures, measure, batches, batchSize, rank, seed } =
    options;
  const { lossOnPrompt, resume, output, json } = options;
  const { molora } = await startRuntime(options, io);
  const engine = await fastestEngine();
  const progressFile = isStdout(output) ? undefined : `${output}.partial`;
  const progress = batchProgress(io.stderr);
  let done = 0;
  try {
    const scores = await molora.calibrateModel({
      ...{
        model,
        locate: locateModel(options, io),
        task,
        data,
        cutoff,
        batches,
        batchSize,
        rank,
        seed,
        engine,
        tool: tool(),
      },
      ...defined({ wording, limit, lossOnPrompt, resume, progressFile }),
      ...defined({ measures: measures as CalibrationMeasure[] | undefined }),
      ...defined({ measure: measure as CalibrationMeasure | undefined }),
      signal: io.signal,
      onNote: (note) => tell(io.stderr, `note: ${note}`),
      onBatch(report) {
        done = report.done;
        progress.update(report);
      },
    });
    progress.clear();
    await writeOutput(output, formatDocument(scores), io);
    if (json && !isStdout(output)) writeJson(io.stdout, scores);
    if (isStdout(output)) return exitCodes.done;
    if (!json) io.stdout.write(words(printableData(scores)));
    tell(io.stderr, `wrote ${output}`);
    return exitCodes.done;
  } catch (error) {
    const kept = `${progressFile} keeps ${done} batches: --resume continues from there`;
    throw done > 0 && progressFile ? orInterruption(error, io, kept) : error;
  } finally {
    progress.clear();
    await engine.close?.();
  }
}

/** The projections with the largest scores. */
function words({ measure, data, scores }: Scores): string {
  const largest = scores.toSorted((a, b) => b.score - a.score).slice(0, 5);
  const lines = largest.map(({ name, score, stderr }) => {
    const error = stderr === undefined ? '' : ` (standard error ${stderr.toPrecision(2)})`;
    return `  ${name}  ${score.toPrecision(4)}${error}\n`;
  });
  return (
    `${scores.length} projections scored by ${measure} on ${data.examples} examples of ${data.task}` +
    ` in ${data.batches} batches; the largest:\n${lines.join('')}`
  );
}

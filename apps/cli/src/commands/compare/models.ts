/** `alphalora compare` of two models: how far apart their weights are. */
import { defined } from '@alphalora/contracts';
import { modelDistances } from '@alphalora/measuring/distances';
import { modelComparisonText } from '@alphalora/report/text';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { withModel } from '../../measuring/model.js';
import { statusLine } from '../../output/progress.js';
import { writeResult } from '../../output/result.js';
import type { CompareOptions } from './command.js';

export async function compareModels(
  a: string,
  b: string,
  options: CompareOptions,
  io: Io,
): Promise<ExitCode> {
  const { signal } = io;
  const line = statusLine<[number, number, string]>(io.stderr, (done, count, name) => [
    `${done} of ${count} matrices`,
    name,
  ]);
  const comparison = await withModel(a, options, io, (one) =>
    withModel(b, options, io, (other) =>
      modelDistances(one, other, {
        ...defined({ cka: options.cka }),
        signal,
        onProgress: line.update,
      }).finally(line.clear),
    ),
  );
  writeResult(io.stdout, options, comparison, () =>
    modelComparisonText(comparison, { top: options.top }),
  );
  return exitCodes.done;
}

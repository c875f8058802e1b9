/** `alphalora compare --series`: alphas and correlation traps of one model over training. */

import { defined } from '@alphalora/contracts';
import { compareSeries } from '@alphalora/documents/comparison';
import { reaggregated } from '@alphalora/htsr-core';
import { seriesText } from '@alphalora/report/text';
import { ofStack } from '../../allocating/allocate.js';
import { orderWords, readCheckpoints } from '../../files/checkpoints.js';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { tellDiffering } from '../../output/differing-options.js';
import { writeResult } from '../../output/result.js';
import type { CompareOptions } from './command.js';

export async function compareSeriesCommand(
  files: readonly string[],
  options: CompareOptions,
  io: Io,
): Promise<ExitCode> {
  const { aggregate, cap, order, top } = options;
  const scoring = defined({ aggregate, cap });
  const checkpoints = await readCheckpoints(files, order, io);
  const series = compareSeries(
    checkpoints.map(({ name, analysis }) => ({
      name,
      // A part of an analysis is refused by name.
      analysis: analysis.shard ? analysis : ofStack(reaggregated(analysis, scoring), options),
    })),
  );
  tellDiffering(
    series.options,
    checkpoints.map(({ name }) => name),
    io.stderr,
  );
  writeResult(io.stdout, options, series, () =>
    seriesText(series, { order: orderWords[order], top }, io.stdout),
  );
  return exitCodes.done;
}

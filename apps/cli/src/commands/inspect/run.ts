/** `alphalora inspect`: what a model consists of and what an analysis takes, from its headers. */
import { weightsSummary } from '@alphalora/checkpoint';
import { defined } from '@alphalora/contracts';
import { describe, unaskedReason, unfitReason } from '@alphalora/htsr-core';
import { forecastModel } from '@alphalora/measuring';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { withModel } from '../../measuring/model.js';
import { writeResult } from '../../output/result.js';
import { preparationOf } from '../../plugins/index.js';
import type { InspectOptions } from './command.js';
import { inspectionText } from './text.js';

export async function run(model: string, options: InspectOptions, io: Io): Promise<ExitCode> {
  return withModel(model, options, io, async (opened) => {
    const { checkpoint } = opened;
    const { source, architecture, adapterFormat, blocks, stacks, notes, tensors } = checkpoint;
    const weights = tensors.map((tensor) => ({
      ...describe(tensor),
      analysed: (unfitReason(tensor) ?? unaskedReason(tensor)) === undefined,
    }));
    const { jobs } = options;
    const forecast = await forecastModel(opened, defined({ jobs, preparation: preparationOf(io) }));
    const summary = weightsSummary(checkpoint);
    const about = { source, architecture, adapterFormat, blocks, stacks, notes };
    const found = { ...about, weights, summary };
    const data = { ...found, forecast: { ...forecast, matrices: forecast.matrices.length } };
    const all = options.all === true;
    writeResult(io.stdout, options, data, () => inspectionText({ ...found, forecast }, { all }));
    return exitCodes.done;
  });
}

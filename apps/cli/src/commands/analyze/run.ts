/** `alphalora analyze`: spectra and tail fits of a model. */

import { analysisText } from '@alphalora/report/text';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { forecast, measure } from '../../measuring/measure.js';
import { withModel } from '../../measuring/model.js';
import { requirePublished } from '../../options/published.js';
import { deliver } from '../../output/deliver.js';
import { forecastText } from '../../output/forecast.js';
import { tell } from '../../output/printable.js';
import { writeResult } from '../../output/result.js';
import type { AnalyzeOptions } from './command.js';

export async function run(model: string, options: AnalyzeOptions, io: Io): Promise<ExitCode> {
  requirePublished(options);
  return withModel(model, options, io, async (opened) => {
    const { dryRun, shard, output, json, failOn, saveSpectra: spectra } = options;
    if (dryRun) {
      const found = await forecast(opened, options, io, { shard });
      writeResult(io.stdout, options, found, () => forecastText(found));
      return exitCodes.done;
    }
    const analysis = await measure(opened, options, io, { shard, spectra });
    const text = analysisText(analysis, io.stdout);
    const code = await deliver(
      analysis,
      text,
      { analysis, fresh: true },
      { output, json, failOn },
      io,
    );
    if (spectra !== undefined) {
      const saved = analysis.matrices.filter(({ status }) => status === 'ok').length;
      tell(io.stderr, `wrote the eigenvalues of ${saved} matrices into ${spectra}`);
    }
    if (output === undefined && !json) {
      io.stderr.write('-o analysis.json keeps the result\n');
    }
    return code;
  });
}

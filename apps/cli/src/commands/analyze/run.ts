/** `alphalora analyze`: spectra and tail fits of a model. */

import { operations } from '@alphalora/htsr-core';
import { chosenUnits, type OpenedModel, sampledUnit } from '@alphalora/measuring';
import { analysisText, left, table } from '@alphalora/report/text';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { chosenFarms, measure, selectionOf } from '../../measuring/measure.js';
import { withModel } from '../../measuring/model.js';
import { deliver } from '../../output/deliver.js';
import { writeResult } from '../../output/result.js';
import type { AnalyzeOptions } from './command.js';

export async function run(model: string, options: AnalyzeOptions, io: Io): Promise<ExitCode> {
  return withModel(model, options, io, async (opened) => {
    const { dryRun, shard, output, json, failOn } = options;
    if (dryRun) return listUnits(opened, options, io);
    const analysis = await measure(opened, options, io, { shard });
    const text = analysisText(analysis, io.stdout);
    const code = await deliver(
      analysis,
      text,
      { analysis, fresh: true },
      { output, json, failOn },
      io,
    );
    if (output === undefined && !json) {
      io.stderr.write('-o analysis.json keeps the result\n');
    }
    return code;
  });
}

/** What would be measured, the largest work first, without reading any weights. */
function listUnits({ checkpoint }: OpenedModel, options: AnalyzeOptions, io: Io): ExitCode {
  const farms = chosenFarms(options);
  const units = chosenUnits(checkpoint.tensors, selectionOf(options)).map((unit) => ({
    name: unit.name,
    shape: unit.shape,
    operations: operations(sampledUnit(unit, farms ? { farms } : {})),
  }));
  units.sort((a, b) => b.operations - a.operations);
  const rows = units.map((unit) => [
    unit.name,
    unit.shape.join(' × '),
    (unit.operations / 1e9).toFixed(3),
  ]);
  const columns = [left('matrix'), left('shape'), { title: 'Gflop' }];
  writeResult(io.stdout, options, { matrices: units }, () => table(columns, rows));
  return exitCodes.done;
}

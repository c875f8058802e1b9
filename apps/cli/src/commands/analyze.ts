/** `alphalora analyze`: spectra and tail fits of a model. */
import type { Checkpoint } from '@alphalora/checkpoint/node';
import { type ExitCode, exitCodes, type Io } from '../io.js';
import { analysisTable } from '../output/analysis.js';
import { table } from '../output/table.js';
import { type DeliveryOptions, deliver } from './deliver.js';
import { chosenUnits, type MeasuringOptions, measure, withModel, workOf } from './measure.js';
import { selection } from './selection.js';

interface AnalyzeOptions extends MeasuringOptions, DeliveryOptions {
  dryRun?: boolean;
}

export async function analyze(model: string, options: AnalyzeOptions, io: Io): Promise<ExitCode> {
  return withModel(model, options, io, async (checkpoint) => {
    if (options.dryRun) return dryRun(checkpoint, options, io);
    const source = { checkpoint, path: model, source: model };
    const analysis = await measure(source, options, io);
    const text = analysisTable(analysis, io.stdout);
    const code = await deliver(analysis, text, { analysis, fresh: true }, options, io);
    if (options.output === undefined && !options.json) {
      io.stderr.write('-o analysis.json keeps the result\n');
    }
    return code;
  });
}

/** What would be measured, the largest work first, without reading any weights. */
function dryRun(checkpoint: Checkpoint, options: AnalyzeOptions, io: Io): ExitCode {
  const chosen = chosenUnits(checkpoint, selection(options, checkpoint.tensors));
  const units = chosen.map((unit) => ({
    name: unit.name,
    shape: unit.shape,
    operations: workOf(unit, options),
  }));
  units.sort((a, b) => b.operations - a.operations);
  if (options.json) {
    io.stdout.write(`${JSON.stringify({ matrices: units }, null, 2)}\n`, 'data');
    return exitCodes.done;
  }
  const rows = units.map((unit) => [
    unit.name,
    unit.shape.join(' × '),
    (unit.operations / 1e9).toFixed(3),
  ]);
  const left = { align: 'left' as const };
  const columns = [{ title: 'matrix', ...left }, { title: 'shape', ...left }, { title: 'Gflop' }];
  io.stdout.write(table(columns, rows));
  return exitCodes.done;
}

/** `alphalora inspect`: the weights of a model, from its headers. */
import { describe, unaskedReason, unfitReason } from '@alphalora/htsr-core';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { withModel } from '../../measuring/model.js';
import { printable } from '../../output/printable.js';
import { table } from '../../output/table.js';
import type { InspectOptions } from './command.js';

export async function run(model: string, options: InspectOptions, io: Io): Promise<ExitCode> {
  return withModel(model, options, io, async ({ checkpoint }) => {
    const { source, architecture, blocks, tensors } = checkpoint;
    const weights = tensors.map((tensor) => ({
      ...describe(tensor),
      analysed: (unfitReason(tensor) ?? unaskedReason(tensor)) === undefined,
    }));
    if (options.json) {
      io.stdout.write(
        `${JSON.stringify({ source, architecture, blocks, weights }, null, 2)}\n`,
        'data',
      );
      return exitCodes.done;
    }
    const rows = weights.map(({ name, shape, dtype, block, role, kind, analysed }) => [
      name,
      shape.join(' × '),
      dtype,
      block === undefined ? '-' : String(block),
      role ?? '-',
      kind,
      analysed ? 'yes' : 'no',
    ]);
    const titles = ['weight', 'shape', 'dtype', 'block', 'role', 'kind', 'analysed'];
    const columns = titles.map((title) => ({ title, align: 'left' as const }));
    const elements = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    io.stdout.write(table(columns, rows));
    io.stdout.write(
      `\n${printable(architecture ?? 'unknown architecture')}: ${blocks} blocks, ${weights.length} weights, ` +
        `${elements.toLocaleString('en-US')} elements\n`,
    );
    return exitCodes.done;
  });
}

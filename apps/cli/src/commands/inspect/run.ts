/** `alphalora inspect`: the weights of a model, from its headers. */
import type { WeightDescription } from '@alphalora/contracts/weights';
import { describe, unaskedReason, unfitReason } from '@alphalora/htsr-core';
import { left, table, whole } from '@alphalora/report/text';
import { type ExitCode, exitCodes, type Io } from '../../io.js';
import { withModel } from '../../measuring/model.js';
import { printable } from '../../output/printable.js';
import { writeResult } from '../../output/result.js';
import type { InspectOptions } from './command.js';

export async function run(model: string, options: InspectOptions, io: Io): Promise<ExitCode> {
  return withModel(model, options, io, async ({ checkpoint }) => {
    const { source, architecture, adapterFormat, blocks, notes, tensors } = checkpoint;
    const weights = tensors.map((tensor) => ({
      ...describe(tensor),
      analysed: (unfitReason(tensor) ?? unaskedReason(tensor)) === undefined,
    }));
    const found = { source, architecture, adapterFormat, blocks, notes, weights };
    writeResult(io.stdout, options, found, () => weightsText(found));
    return exitCodes.done;
  });
}

interface Found {
  architecture: string | undefined;
  adapterFormat: string | undefined;
  blocks: number;
  weights: ReadonlyArray<WeightDescription & { analysed: boolean }>;
}

function weightsText({ architecture, adapterFormat, blocks, weights }: Found): string {
  const titles = ['weight', 'shape', 'dtype', 'block', 'role', 'kind', 'analysed'];
  const rows = weights.map(({ name, shape, dtype, block, role, kind, analysed }) => [
    name,
    shape.join(' × '),
    dtype,
    block === undefined ? '-' : String(block),
    role ?? '-',
    kind,
    analysed ? 'yes' : 'no',
  ]);
  const elements = weights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const model = printable(architecture ?? 'unknown architecture');
  const what =
    adapterFormat === undefined
      ? model
      : `LoRA adapter in the format of ${adapterFormat}, ${model}`;
  return (
    `${table(titles.map(left), rows)}\n${what}: ` +
    `${blocks} blocks, ${weights.length} weights, ${whole(elements)} elements\n`
  );
}

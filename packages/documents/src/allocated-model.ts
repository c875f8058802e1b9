/** What an allocation says of the model that it is for. */
import { type AllocatedModel, type Analysis, defined, type MatrixRow } from '@alphalora/contracts';

/**
 * The model of an analysis, with the matrices beside those that an allocation for its main stack is about.
 * Blocks of multi-token prediction and behind the last one are left out: programs that load the model
 * leave them out, too.
 */
export function allocatedModel({
  model,
  matrices,
}: Pick<Analysis, 'model' | 'matrices'>): AllocatedModel {
  const { source, architecture } = model;
  const others = new Set(matrices.filter(isOther).map(({ name }) => patternOf(name)));
  return { source, ...defined({ architecture }), ...(others.size > 0 && { others: [...others] }) };
}

function isOther({ shape, kind = 'projection', block, stack, status }: MatrixRow): boolean {
  if (shape.length < 2 || kind === 'norm' || kind === 'bias') return false;
  if (stack !== undefined && /(^mtp\b|\.(mtp|extra)$)/.test(stack.name)) return false;
  return block === undefined || kind !== 'projection' || status === 'skipped';
}

/** `*` for numbers, without the number of a matrix in a stack or the label of a part. */
function patternOf(name: string): string {
  return name.replace(/(\[\w+\])+$/, '').replace(/(?<=^|\.)\d+(?=\.|$)/g, '*');
}

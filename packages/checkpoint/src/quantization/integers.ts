/** Projections that hold integers of which no scheme tells what they stand for. */
import { elementTypes, type WeightDescription } from '@alphalora/contracts/weights';

/** What people should know of them; nothing where there are none. */
export function notesOnIntegers(weights: readonly WeightDescription[]): string[] {
  const integers = weights.filter(
    ({ kind, dtype, unreadable }) =>
      kind === 'projection' && unreadable === undefined && elementTypes[dtype].values === 'integer',
  );
  if (integers.length === 0) return [];
  const types = [...new Set(integers.map(({ dtype }) => dtype))].join(', ');
  return [
    `${integers.length} projections hold integers (${types}), quantized in a way that is not known, and are not measured: give the original checkpoint, or convert it to BF16 with the program that made it`,
  ];
}

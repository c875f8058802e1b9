/** What is said of a model none of whose names is in a block, though its configuration speaks of blocks. */
import type { WeightDescription } from '@alphalora/contracts/weights';
import type { Stacks } from './stacks.js';

/** Names that are shown. */
const MOST = 2;

/**
 * @param nameOf what the file calls a setting
 * @returns undefined where there are blocks, or where nothing says that there are
 */
export function unfoundBlocks(
  weights: readonly WeightDescription[],
  { unfound }: Pick<Stacks, 'unfound'>,
  nameOf: (setting: string) => string = String,
): string | undefined {
  if (!unfound) return undefined;
  const names = weights.flatMap(({ name, shape, kind }) =>
    shape.length > 1 && kind === 'other' ? [name] : [],
  );
  const shown = names.length > 0 ? ` (${names.slice(0, MOST).join(', ')})` : '';
  return (
    `the configuration says ${unfound.count} blocks (${nameOf(unfound.setting)}), and no name is recognised as part of one${shown}: ` +
    'convert the model to the names of transformers, with the script of the program that wrote it'
  );
}

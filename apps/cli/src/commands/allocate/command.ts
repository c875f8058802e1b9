/** `alphalora allocate`: what it takes. */
import { isDocument } from '../../files/stream-name.js';
import { policy, resource } from '../../options/allocating.js';
import { command, type OptionsOf } from '../../options/declare.js';
import { examples, headings } from '../../options/help.js';
import { measuring, remote } from '../../options/measuring.js';
import { plugins } from '../../options/plugins.js';
import { published } from '../../options/published.js';
import {
  refusing,
  unusedInScores,
  unusedWithoutCache,
  unusedWithoutExperts,
  unusedWithoutMeasuring,
} from '../../options/unused.js';

export type AllocateOptions = OptionsOf<typeof allocate>;

export const allocate = () =>
  command('allocate', resource, policy, published, measuring, remote, plugins)
    .description('decide how many experts, or how much else, each block or projection gets')
    .argument('[source]', 'an analysis.json (- is stdin), or a model to analyze first')
    .optionsGroup(headings.output)
    .option('-o, --output <file>', 'write the allocation to a file; - is stdout')
    .addHelpText(
      'after',
      examples([
        'allocate analysis.json --total 160 -o allocation.json',
        'allocate path/to/model --policy alphalora --set beta=2',
        'allocate analysis.json --unit rank --per projection --parameters 20M --json',
        'allocate --scores influence.csv --policy layerif --total 160',
      ]),
    )
    .hook(
      'preAction',
      refusing(
        unusedWithoutMeasuring(isDocument),
        unusedWithoutCache,
        unusedWithoutExperts,
        unusedInScores,
      ),
    );

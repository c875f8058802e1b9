/** `alphalora allocate`: what it takes. */
import { isDocument } from '../../files/stream-name.js';
import { policy, resource } from '../../options/allocating.js';
import { command, type OptionsOf } from '../../options/declare.js';
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
  command('allocate', remote, measuring, plugins, resource, policy, published)
    .description('decide how many experts, or how much else, each block or projection gets')
    .argument('[source]', 'an analysis.json (- is stdin), or a model to analyse first')
    .option('-o, --output <file>', 'write the allocation to a file; - is stdout')
    .hook(
      'preAction',
      refusing(
        unusedWithoutMeasuring(isDocument),
        unusedWithoutCache,
        unusedWithoutExperts,
        unusedInScores,
      ),
    );

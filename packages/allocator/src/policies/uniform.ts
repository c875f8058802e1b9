/** Every block alike, whatever its score: the baseline of all published comparisons. */
import type { AllocationPolicy } from '@alphalora/contracts';
import * as v from 'valibot';
import { parseWith } from './options.js';

type NoOptions = Record<never, never>;
const options: v.GenericSchema<unknown, NoOptions> = v.strictObject({});

export const uniform: AllocationPolicy<NoOptions> = {
  name: 'uniform',
  version: '1.0.0',
  parseOptions: (given) => parseWith('uniform', options, given),
  allocate: (layers) => layers.map(() => 1),
};

/**
 * Learning rates and weight decays of their own for the experts and routers of each projection, as
 * TempBalance (arXiv 2312.00359) and AlphaDecay (arXiv 2506.14562) give them: factors of those of the run,
 * from allocations of the units `learning-rate` and `weight-decay`.
 */
import { type Allocation, AlphaLoraError, defined } from '@alphalora/contracts';
import type { AdaptedProjection, AdapterSpec } from '../adapters/adapter-spec.js';
import { projectionTensors } from '../experts/initial-tensors.js';
import { isTrainable } from '../experts/parameters.js';
import { createRouter } from '../experts/routers/index.js';
import type { VariableGroups } from './adamw.js';
import type { TrainingSettings } from './settings.js';

export interface LayerFactors {
  learningRates?: Allocation;
  weightDecays?: Allocation;
  /** Of the model. */
  blocks: number;
}

/**
 * @returns by name of the variable; undefined where there are no factors
 * @throws AlphaLoraError `INVALID_DOCUMENT` when an allocation is of something else or of another model;
 *   `INVALID_OPTION` when factors of the weight decay are given, and it is 0
 */
export function factorGroups(
  spec: AdapterSpec,
  { weightDecay }: Pick<TrainingSettings, 'weightDecay'>,
  { learningRates, weightDecays, blocks }: LayerFactors,
): VariableGroups | undefined {
  if (!learningRates && !weightDecays) return undefined;
  if (weightDecays && weightDecay === 0) {
    throw new AlphaLoraError(
      'INVALID_OPTION',
      'factors of the weight decay have nothing to multiply, as it is 0: give one (--weight-decay)',
    );
  }
  const rateOf = learningRates && factorOf(learningRates, 'learning-rate', blocks);
  const decayOf = weightDecays && factorOf(weightDecays, 'weight-decay', blocks);
  const router = createRouter(spec.router);
  return Object.fromEntries(
    spec.projections.flatMap((projection) => {
      const decay = decayOf?.(projection);
      const group = defined({
        learningRateFactor: rateOf?.(projection),
        weightDecay: decay === undefined ? undefined : decay * weightDecay,
      });
      return projectionTensors(projection, router)
        .filter(({ name }) => isTrainable(name, router))
        .map(({ name }) => [name, group]);
    }),
  );
}

function factorOf(
  { budget, blocks, projections = [] }: Allocation,
  unit: 'learning-rate' | 'weight-decay',
  inModel: number,
): (projection: AdaptedProjection) => number {
  const wrong = (what: string): AlphaLoraError =>
    new AlphaLoraError('INVALID_DOCUMENT', `the allocation of the ${unit} does not fit: ${what}`);
  if (budget.unit !== unit) {
    throw wrong(`it allocates ${budget.unit}; allocate with --unit ${unit}`);
  }
  const foreign = blocks.find(({ index }) => index >= inModel);
  if (foreign) {
    throw wrong(
      `it has block ${foreign.index}, and the model has ${inModel} blocks; allocate for this model`,
    );
  }
  const byName = new Map(
    projections.map(({ name, value }) => [name.replace(/\.weight$/, ''), value]),
  );
  const byBlock = new Map(blocks.map(({ index, value }) => [index, value]));
  return ({ name, block }) => {
    const factor = byName.get(name) ?? byBlock.get(block);
    if (factor !== undefined) return factor;
    throw wrong(`it has nothing for ${name}; allocate for this model`);
  };
}

/**
 * The weights of the best evaluation of a run, and the end of one that no longer gets better: as
 * `load_best_model_at_end` and `EarlyStoppingCallback` of Hugging Face Transformers do it. The best is
 * the lowest loss; an evaluation counts as an improvement when it is lower than the best before it by more
 * than `minimumImprovement`; a run ends after `patience` evaluations in a row that are none.
 *
 * All of it is state of the run, the weights included, so that one that was killed goes on alike.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as v from 'valibot';
import type { TensorValues } from '../adapters/adapter-spec.js';
import { valuesOf } from '../ops/values.js';
import type { RunContext, TrainingCallback } from './callbacks.js';

export interface EarlyStopping {
  /** Evaluations in a row without an improvement, after which the run ends; 1 or more. */
  readonly patience: number;
  /** What the loss must fall by, in nats, to count as an improvement. @default 0 */
  readonly minimumImprovement?: number;
}

export interface Best {
  readonly step: number;
  /** Of the evaluation, in nats. */
  readonly loss: number;
}

export interface BestWeights {
  /** To be given to `train`. */
  readonly callback: TrainingCallback;
  /** Tells of an evaluation; the callback does for those in reports. */
  observe(loss: number, context: RunContext): Promise<void>;
  /** So far; undefined before the first evaluation. */
  best(): (Best & { tensors: Readonly<Record<string, TensorValues>> }) | undefined;
  /** Whether the patience is at its end. */
  exhausted(): boolean;
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const stateSchema = v.object({
  data: v.string(),
  waited: count,
  best: v.nullable(v.object({ step: count, loss: v.pipe(v.number(), v.finite()) })),
});

/**
 * @param stopping when to end the run; left out, it never ends early
 * @param data tells apart what is evaluated on, such as a fingerprint: losses on other data say nothing
 * @throws AlphaLoraError `INVALID_OPTION` when a value is out of its range; in the run, when a loss is no
 *   finite number, or the state to resume from is of other data
 */
export function bestWeights(stopping: EarlyStopping | undefined, data: string): BestWeights {
  if (stopping) checkStopping(stopping);
  const { patience = Number.POSITIVE_INFINITY, minimumImprovement = 0 } = stopping ?? {};
  let best: ReturnType<BestWeights['best']>;
  let waited = 0;
  const exhausted = (): boolean => waited >= patience;

  async function observe(loss: number, { step, variables }: RunContext): Promise<void> {
    if (!Number.isFinite(loss)) {
      throw invalid(`the validation loss after step ${step} is ${loss}: has it any targets?`);
    }
    waited = !best || best.loss - loss > minimumImprovement ? 0 : waited + 1;
    if (!best || loss < best.loss) best = { step, loss, tensors: await valuesOf(variables) };
  }
  return {
    observe,
    best: () => best,
    exhausted,
    callback: {
      name: 'best',
      onStart: () => (exhausted() ? 'stop' : undefined),
      async onStep({ evaluation }, context) {
        const loss = evaluation?.['loss'];
        if (loss === undefined) return undefined;
        await observe(loss, context);
        return exhausted() ? 'stop' : undefined;
      },
      state() {
        const { step, loss, tensors } = best ?? {};
        return {
          data: { data, waited, best: best ? { step, loss } : null },
          tensors: tensors ?? {},
        };
      },
      restore(kept) {
        const { success, output } = v.safeParse(stateSchema, kept.data);
        if (!success)
          throw invalid('the best weights that the run kept cannot be read; train anew');
        if (output.data !== data) {
          throw invalid(
            'the run cannot be resumed: its validation data is not what its best weights were chosen by; resume with what it began with',
          );
        }
        waited = output.waited;
        best = output.best ? { ...output.best, tensors: kept.tensors } : undefined;
      },
    },
  };
}

/** @throws AlphaLoraError `INVALID_OPTION` */
export function checkStopping({ patience, minimumImprovement = 0 }: EarlyStopping): void {
  if (!(Number.isSafeInteger(patience) && patience >= 1)) {
    throw invalid(`the patience of early stopping is ${patience}; give 1 evaluation or more`);
  }
  if (Number.isFinite(minimumImprovement) && minimumImprovement >= 0) return;
  throw invalid(`the minimum improvement is ${minimumImprovement}; give 0 or more`);
}

function invalid(what: string): AlphaLoraError {
  return new AlphaLoraError('INVALID_OPTION', what);
}

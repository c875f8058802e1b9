/** What formats for LoRAs let users choose. */
import * as v from 'valibot';

/** `TaskType` of PEFT, or none. */
const taskTypes = [
  'CAUSAL_LM',
  'SEQ_2_SEQ_LM',
  'SEQ_CLS',
  'TOKEN_CLS',
  'QUESTION_ANS',
  'FEATURE_EXTRACTION',
  'none',
] as const;

export interface LoraOptions {
  /**
   * What the update of a module is multiplied by: the same for all, or a common alpha over the rank or its
   * square root (rsLoRA, Kalajdzievski 2023, arXiv 2312.03732).
   */
  scaling: 'constant' | 'alpha/r' | 'alpha/sqrt(r)';
  /** Of the largest rank, and of all unless the scaling is constant. @default that rank */
  alpha?: number;
  dropout: number;
  /** Roles to adapt; the others get nothing. */
  targets?: string[];
}

/** Of formats that say what the model is for. */
export interface TaskOptions extends LoraOptions {
  /** @default by the model's class */
  taskType?: (typeof taskTypes)[number];
}

/** Of formats that also set learning rates. */
export interface RateOptions extends LoraOptions {
  /** Base learning rate, which factors are multiplied by. */
  lr?: number;
}

const entries = {
  scaling: v.optional(v.picklist(['constant', 'alpha/r', 'alpha/sqrt(r)']), 'constant'),
  alpha: v.exactOptional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
  dropout: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0),
  targets: v.exactOptional(v.pipe(v.array(v.string()), v.minLength(1))),
};

export const loraOptions: v.GenericSchema<unknown, LoraOptions> = v.strictObject(entries);
export const taskOptions: v.GenericSchema<unknown, TaskOptions> = v.strictObject({
  ...entries,
  taskType: v.exactOptional(v.picklist(taskTypes)),
});
export const rateOptions: v.GenericSchema<unknown, RateOptions> = v.strictObject({
  ...entries,
  lr: v.exactOptional(v.pipe(v.number(), v.finite(), v.gtValue(0))),
});

/**
 * All that a run needs to go on as if it had never stopped: the variables, the optimiser, the place
 * in the data, the callbacks. Randomness has no state: it follows from the seed and the step.
 *
 * One safetensors file holds the whole, so that renaming one file replaces all of it at once. The
 * tensors are named `variable/<name>`, `first/<name>`, `second/<name>` and
 * `callback/<callback>/<name>`; the metadata entry `training_state` is JSON of the rest.
 */
import { memorySource, readCheckpoint, serializeSafetensors } from '@alphalora/checkpoint';
import { AlphaLoraError } from '@alphalora/contracts';
import type { Variable } from '@tensorflow/tfjs';
import * as v from 'valibot';
import type { TensorValues } from '../adapters/adapter-spec.js';
import type { AdamWState, VariableGroups } from './adamw.js';
import type { CallbackState, TrainingCallback } from './callbacks.js';
import { checkSettings, type TrainingSettings } from './settings.js';

export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  readonly settings: TrainingSettings;
  /** Of the variables. @default not known: states of earlier versions do not say */
  readonly groups?: VariableGroups;
  /** Of the sequences, to recognise them. */
  readonly data: { readonly sequences: number; readonly fingerprint: string };
  /** The variables by name. */
  readonly tensors: Readonly<Record<string, TensorValues>>;
  readonly optimizer: AdamWState;
  /** By name of the callback. */
  readonly callbacks: Readonly<Record<string, CallbackState>>;
}

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));

const schema = v.object({
  // In runs of version 1, which sequences formed a step hung on the size of the micro-batches.
  version: v.literal(2, 'it was written by an earlier version, which ordered the data otherwise'),
  step: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  settings: v.unknown(),
  groups: v.optional(
    v.record(
      v.string(),
      v.object({ learningRateFactor: v.optional(amount), weightDecay: v.optional(amount) }),
    ),
  ),
  data: v.object({ sequences: v.number(), fingerprint: v.string() }),
  updates: v.record(v.string(), v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  callbacks: v.record(v.string(), v.unknown()),
});

/** @returns the file in pieces */
export function serializeTrainingState(state: TrainingState): Uint8Array[] {
  const { step, settings, groups, data, tensors, optimizer, callbacks } = state;
  const { updates, first, second } = optimizer;
  const rest: v.InferInput<typeof schema> = {
    version: 2,
    step,
    settings,
    ...(groups && { groups }),
    data,
    updates,
    callbacks: mapValues(callbacks, (callback) => callback.data ?? null),
  };
  const parts = Object.entries({ variable: tensors, first, second });
  for (const [name, callback] of Object.entries(callbacks))
    parts.push([`callback/${name}`, callback.tensors]);
  return serializeSafetensors({
    tensors: parts.flatMap(([part, values]) =>
      Object.entries(values).map(([name, { shape, values }]) => ({
        name: `${part}/${name}`,
        dtype: 'F32' as const,
        shape,
        bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      })),
    ),
    metadata: { training_state: JSON.stringify(rest) },
  });
}

/**
 * @param file for messages
 * @throws AlphaLoraError `INVALID_CHECKPOINT` when it is no whole state of a run
 */
export async function parseTrainingState(bytes: Uint8Array, file: string): Promise<TrainingState> {
  const checkpoint = await readCheckpoint({ files: [memorySource(bytes, file)] });
  const rest = parseRest(checkpoint.metadata['training_state'], file);
  const groups = new Map<string, Record<string, TensorValues>>();
  for (const tensor of checkpoint.tensors) {
    const [group, name] = splitName(tensor.name);
    const values = await tensor.read();
    if (!(values instanceof Float32Array) || tensor.dtype !== 'F32')
      throw damaged(file, `${tensor.name} is of type ${tensor.dtype}, not F32`);
    if (!groups.has(group)) groups.set(group, {});
    groups.get(group)![name] = { shape: tensor.shape, values };
  }
  const [first, second] = [groups.get('first') ?? {}, groups.get('second') ?? {}];
  for (const name of Object.keys(rest.updates))
    if (!first[name] || !second[name]) throw damaged(file, `the moments of ${name} are missing`);
  return {
    step: rest.step,
    settings: rest.settings,
    ...(rest.groups && { groups: rest.groups as VariableGroups }),
    data: rest.data,
    tensors: groups.get('variable') ?? {},
    optimizer: { updates: rest.updates, first, second },
    callbacks: Object.fromEntries(
      Object.entries(rest.callbacks).map(([name, data]) => [
        name,
        { data, tensors: groups.get(`callback/${name}`) ?? {} },
      ]),
    ),
  };
}

/**
 * @throws AlphaLoraError `INVALID_OPTION` when a run would not go on as it began: other settings but for
 *   more steps, other data, other variables, or no callback for a state that one left
 */
export function checkResumable(
  state: TrainingState,
  run: {
    settings: TrainingSettings;
    data: TrainingState['data'];
    variables: readonly Variable[];
    groups?: VariableGroups | undefined;
    callbacks: readonly TrainingCallback[];
  },
): void {
  const differences: string[] = [];
  const compare = (what: string, before: unknown, now: unknown): void => {
    if (before !== now)
      differences.push(`${what} was ${before ?? 'absent'}, is ${now ?? 'absent'}`);
  };
  for (const key of Object.keys(state.settings) as Array<keyof TrainingSettings>)
    if (key !== 'steps' || run.settings.steps < state.settings.steps)
      compare(key, state.settings[key], run.settings[key]);
  compare('the number of sequences', state.data.sequences, run.data.sequences);
  compare('the fingerprint of the data', state.data.fingerprint, run.data.fingerprint);
  if (state.groups) {
    const [before, now] = [state.groups, run.groups ?? {}];
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)]))
      for (const key of ['learningRateFactor', 'weightDecay'] as const)
        compare(`${key} of ${name}`, before[name]?.[key], now[name]?.[key]);
  }
  const shapes = new Map(run.variables.map(({ name, shape }) => [name, `[${shape}]`]));
  for (const [name, { shape }] of Object.entries(state.tensors)) {
    compare(`the shape of ${name}`, `[${shape}]`, shapes.get(name));
    shapes.delete(name);
  }
  for (const [name, shape] of shapes) compare(`the shape of ${name}`, undefined, shape);
  for (const name of Object.keys(state.callbacks))
    if (!run.callbacks.some((callback) => callback.name === name && callback.restore))
      compare(`the callback ${name}`, 'there', undefined);
  if (differences.length === 0) return;
  const more = differences.length > 3 ? ` and ${differences.length - 3} more` : '';
  throw new AlphaLoraError(
    'INVALID_OPTION',
    `the run cannot go on from step ${state.step}, because it is another one: ${differences.slice(0, 3).join('; ')}${more}; resume with what it began with, or train anew`,
  );
}

function parseRest(text: string | undefined, file: string) {
  if (text === undefined) throw damaged(file, 'its metadata has no training_state');
  try {
    const checked = v.safeParse(schema, JSON.parse(text));
    if (checked.success)
      return { ...checked.output, settings: checkSettings(checked.output.settings) };
    const [issue] = checked.issues;
    throw new Error(`${v.getDotPath(issue) ?? 'training_state'}: ${issue.message}`);
  } catch (cause) {
    throw damaged(file, (cause as Error).message, cause);
  }
}

/** A group has one part, or two as in `callback/<callback>`; names may have slashes. */
function splitName(path: string): [group: string, name: string] {
  const parts = path.split('/');
  const name = parts.splice(parts[0] === 'callback' ? 2 : 1);
  return [parts.join('/'), name.join('/')];
}

function damaged(file: string, what: string, cause?: unknown): AlphaLoraError {
  return new AlphaLoraError(
    'INVALID_CHECKPOINT',
    `${file} holds no state of a training run: ${what}; train anew in another folder`,
    { details: { file }, cause },
  );
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  map: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}

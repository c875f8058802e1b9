/**
 * The events that TensorBoard reads (tensorflow/core/util/event.proto and framework/summary.proto), each
 * as a record of its file. Scalars are `simple_value`, 32-bit floats, which every version reads.
 */
import type { MetricsLine } from '../metrics.js';
import { field, joined } from './protobuf.js';
import { record } from './record.js';

/** @param seconds since 1970 */
const event = (seconds: number, step: number, what: Uint8Array): Uint8Array =>
  record(joined(field.double(1, seconds), field.integer(2, step), what));

/** What a file begins with. */
export const versionEvent = (seconds: number): Uint8Array =>
  record(joined(field.double(1, seconds), field.text(3, 'brain.Event:2')));

/** Says that a run starts anew at a step: what was written of it and of later ones no longer counts. */
export const restartEvent = (seconds: number, step: number): Uint8Array =>
  event(seconds, step, field.message(7, field.integer(1, 1)));

/** The numbers of a step: `train/loss`, `train/learning_rate`, `validation/loss`, ... */
export function stepEvent(seconds: number, line: MetricsLine): Uint8Array {
  const { step, evaluation = {}, ...train } = line;
  return event(
    seconds,
    step,
    field.message(5, ...scalars('train', train), ...scalars('validation', evaluation)),
  );
}

/** Of an evaluation after a step whose other numbers are written. */
export function evaluationEvent(
  seconds: number,
  step: number,
  evaluation: Readonly<Record<string, number>>,
): Uint8Array {
  return event(seconds, step, field.message(5, ...scalars('validation', evaluation)));
}

function scalars(group: string, values: Readonly<Record<string, number>>): Uint8Array[] {
  return Object.entries(values).map(([name, value]) =>
    field.message(1, field.text(1, `${group}/${snakeCase(name)}`), field.float(2, value)),
  );
}

const DT_STRING = 7;

/** A text in Markdown, as the plugin for texts takes it. */
export function textEvent(seconds: number, step: number, tag: string, text: string): Uint8Array {
  const metadata = field.message(9, field.message(1, field.text(1, 'text')));
  const shape = field.message(2, field.message(2, field.integer(1, 1)));
  const tensor = field.message(8, field.integer(1, DT_STRING), shape, field.text(8, text));
  const value = field.message(1, field.text(1, `${tag}/text_summary`), metadata, tensor);
  return event(seconds, step, field.message(5, value));
}

/** `learningRate` as `learning_rate`. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

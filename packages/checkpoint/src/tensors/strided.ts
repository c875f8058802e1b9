/**
 * Views of stored elements that are not one run of them: transposed, sliced, repeated. Elements are
 * read in the order in which they are stored, in spans of about a megabyte, and put where the view has them.
 */
import { defined } from '@alphalora/contracts';
import type { StoredTensor } from '@alphalora/contracts/weights';
import type { Values } from '../values/decode.js';
import { elementCount } from '../values/sizes.js';
import { readRange } from './range.js';

interface View {
  readonly name: string;
  readonly shape: readonly number[];
  /** In stored elements, from one index of an axis to the next; 0 where an axis repeats them. */
  readonly strides: readonly number[];
  /** Of the first element. */
  readonly offset: number;
  /** For messages. */
  readonly file: string;
}

/** Elements that are read at a time: 1 MB of float32. */
const SPAN = 1 << 18;
/** Gaps of fewer elements are read over: a request costs more than they do. */
const GAP = 1 << 14;

/** Whether a view's elements are stored one after the other in its own order. */
export function isOneRun({ shape, strides }: Pick<View, 'shape' | 'strides'>): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** @param stored all elements, in one dimension */
export function stridedTensor(stored: StoredTensor, view: View): StoredTensor {
  const { name, shape, strides, offset, file } = view;
  const { dtype, identity } = stored;
  const count = elementCount(shape);
  return {
    name,
    dtype,
    shape,
    read: (start = 0, end = count, signal) =>
      readRange({ name, file, dtype }, [start, end, count], async (target) => {
        for (const box of boxes(view, start, end)) await fill(stored, target, box, signal);
      }),
    ...defined({ identity: identity && `${identity} ${offset} ${shape} ${strides}` }),
  };
}

interface Axis {
  readonly length: number;
  readonly stride: number;
  /** In the elements that are handed out. */
  readonly step: number;
}

interface Box {
  /** First element, as stored and as handed out. */
  readonly from: number;
  readonly to: number;
  readonly axes: readonly Axis[];
}

/** The elements `[start, end)` of a view as parts that take a range of one axis and all of those behind. */
function* boxes({ shape, strides, offset }: View, start: number, end: number): Generator<Box> {
  const steps = shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
  for (let at = start; at < end; ) {
    // The outermost axis of which whole indices are wanted from here on.
    let axis = 0;
    while (axis < shape.length && (at % steps[axis]! !== 0 || at + steps[axis]! > end)) axis++;
    const step = steps[axis] ?? 1;
    const index = Math.floor(at / step) % (shape[axis] ?? 1);
    const length = Math.min((shape[axis] ?? 1) - index, Math.floor((end - at) / step));
    const from = steps.reduce(
      (sum, each, i) => sum + (Math.floor(at / each) % shape[i]!) * strides[i]!,
      offset,
    );
    const axes = shape.slice(axis).map((all, i) => {
      const [stride, inner] = [strides[axis + i]!, steps[axis + i]!];
      return { length: i === 0 ? length : all, stride, step: inner };
    });
    yield { from, to: at - start, axes };
    at += length * step;
  }
}

async function fill(
  stored: StoredTensor,
  target: Values,
  box: Box,
  signal: AbortSignal | undefined,
): Promise<void> {
  const axes = box.axes
    .filter(({ length }) => length > 1)
    .sort((a, b) => b.stride - a.stride || b.step - a.step);
  /** Stored elements from the first to the last of the axes from one on. */
  const extents = axes.map((_, i) =>
    axes.slice(i).reduce((sum, { length, stride }) => sum + (length - 1) * stride, 1),
  );
  const visit = async (level: number, from: number, to: number): Promise<void> => {
    const axis = axes[level];
    if (!axis || extents[level]! <= SPAN) {
      const span = await stored.read(from, from + (extents[level] ?? 1), signal);
      return scatter(span, 0, target, to, axes.slice(level));
    }
    const { length, stride, step } = axis;
    const inner = extents[level + 1] ?? 1;
    const isDense = inner <= SPAN && stride - inner < GAP;
    const group = isDense ? Math.max(1, Math.floor((SPAN - inner) / stride) + 1) : 1;
    for (let i = 0; i < length; i += group) {
      const some = Math.min(group, length - i);
      const [first, put] = [from + i * stride, to + i * step];
      if (some === 1) await visit(level + 1, first, put);
      else {
        const span = await stored.read(first, first + (some - 1) * stride + inner, signal);
        scatter(span, 0, target, put, [{ ...axis, length: some }, ...axes.slice(level + 1)]);
      }
    }
  };
  await visit(0, box.from, box.to);
}

function scatter(
  span: ArrayLike<number>,
  from: number,
  target: Values,
  to: number,
  [axis, ...inner]: readonly Axis[],
): void {
  if (!axis) {
    target[to] = span[from]!;
    return;
  }
  const { length, stride, step } = axis;
  if (inner.length > 0) {
    for (let i = 0; i < length; i++) scatter(span, from + i * stride, target, to + i * step, inner);
  } else for (let i = 0; i < length; i++) target[to + i * step] = span[from + i * stride]!;
}

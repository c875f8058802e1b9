/**
 * Bytes of values at the worst moment. `tf.profile` counts every tensor, and clones and reshapes share
 * their values: here each buffer counts once.
 */
import * as tf from '@tensorflow/tfjs';

interface Tracking {
  trackTensor(tensor: tf.Tensor, ...more: unknown[]): void;
  disposeTensor(tensor: tf.Tensor): void;
}

/** @returns what ends the counting, with the most bytes that lay in memory since, of what was made since */
export function countBytes(): { stop(): number } {
  const engine = tf.engine() as unknown as Tracking;
  const { trackTensor, disposeTensor } = engine;
  const users = new Map<object, number>();
  let bytes = 0;
  let most = 0;
  const sizeOf = ({ size, dtype }: tf.Tensor): number => size * tf.util.bytesPerElement(dtype);
  engine.trackTensor = (tensor, ...more) => {
    const count = users.get(tensor.dataId) ?? 0;
    users.set(tensor.dataId, count + 1);
    if (count === 0) bytes += sizeOf(tensor);
    most = Math.max(most, bytes);
    trackTensor.call(engine, tensor, ...more);
  };
  engine.disposeTensor = (tensor) => {
    const count = users.get(tensor.dataId);
    if (!tensor.isDisposed && count !== undefined) {
      if (count > 1) users.set(tensor.dataId, count - 1);
      else {
        users.delete(tensor.dataId);
        bytes -= sizeOf(tensor);
      }
    }
    disposeTensor.call(engine, tensor);
  };
  return {
    stop() {
      Object.assign(engine, { trackTensor, disposeTensor });
      return most;
    },
  };
}

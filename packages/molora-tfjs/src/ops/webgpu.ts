/**
 * The WebGPU backend of TensorFlow.js 4.22 as training needs it: two faults of its programs repaired,
 * and the device's errors heard.
 *
 * - `addN` binds every input as a storage buffer, and a device guarantees eight of them.
 * - A transpose of integers, or of what was only cast from them (a cast shares the buffer), writes
 *   integers where its shader takes floats. Reductions along outer axes transpose as well.
 *
 * Either makes an invalid pipeline, whose output is zeros and whose error nobody sees, as WebGPU
 * reports errors later and elsewhere. Both are repaired where all programs pass: reductions call
 * their transpose directly, so that a kernel registered in its place would not be reached.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';
import { type WebGpuBackend, type WebGpuProgram, webGpuBackend } from './tensorflow-internals.js';

/** The first error of each backend's device; a backend is prepared when it has an entry. */
const errors = new WeakMap<object, { first?: string }>();

/** Does nothing on other backends, and once on this. */
export function prepareWebGpu(): void {
  const backend = webGpuBackend();
  if (!backend || errors.has(backend)) return;
  const heard: { first?: string } = {};
  errors.set(backend, heard);
  const { device } = backend;
  device.addEventListener('uncapturederror', ({ error }) => {
    heard.first ??= error.message;
  });
  device.lost.then(({ message }) => {
    heard.first ??= `the device was lost: ${message}`;
  });
  repairPrograms(backend);
}

/**
 * Waits until the device has reported on all that was given to it so far.
 *
 * @throws AlphaLoraError `ENGINE_FAILED` when it ever reported an error: what was computed since then
 *   may be wrong, or zeros
 */
async function checkDevice(): Promise<void> {
  const backend = webGpuBackend();
  if (!backend) return;
  prepareWebGpu();
  // A scope's answer comes after the errors of everything before it.
  backend.device.pushErrorScope('validation');
  await backend.device.popErrorScope().catch(() => undefined);
  const { first } = errors.get(backend)!;
  if (first === undefined) return;
  const [line] = first.trim().split('\n');
  throw new AlphaLoraError(
    'ENGINE_FAILED',
    `the WebGPU device reported an error, so that its numbers may be wrong: ${line}; start again, or take another backend`,
    { details: { backend: 'webgpu' } },
  );
}

/** A tensor's numbers, from a device that had no error. @throws AlphaLoraError see `checkDevice` */
export async function readTensor(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    // Reading from a lost device fails, too; its own error says why.
    await checkDevice();
  }
}

function repairPrograms(backend: WebGpuBackend): void {
  const run = backend.runWebGPUProgram.bind(backend);
  // One is the output's.
  const mostInputs = backend.device.limits.maxStorageBuffersPerShaderStage - 1;
  backend.runWebGPUProgram = (program, inputs, dtype, ...more) => {
    if (program.shaderKey === 'addN' && inputs.length > mostInputs)
      return sum(program, inputs, dtype);
    if (!program.shaderKey.startsWith('transpose') || isFloat(inputs[0]!))
      return run(program, inputs, dtype, ...more);
    const floats = asFloats(inputs[0]!);
    const transposed = run(program, [floats], dtype, ...more);
    backend.disposeData(floats.dataId);
    return transposed;
  };

  function isFloat({ dataId }: tf.TensorInfo): boolean {
    return backend.tensorMap.get(dataId).dtype === 'float32';
  }

  /** In a buffer of its own. Programs read integers as float32 anyway, exact up to 2^24. */
  function asFloats(x: tf.TensorInfo): tf.TensorInfo {
    const one = backend.makeTensorInfo([], 'float32', Float32Array.of(1));
    const multiply = tf.getKernel('Multiply', 'webgpu').kernelFunc;
    const floats = multiply({ inputs: { a: x, b: one }, backend, attrs: {} }) as tf.TensorInfo;
    backend.disposeData(one.dataId);
    return floats;
  }

  /** The same additions in the same order, some at a time. */
  function sum(
    program: WebGpuProgram,
    inputs: readonly tf.TensorInfo[],
    dtype: tf.DataType,
  ): tf.TensorInfo {
    const AddN = program.constructor as new (shapes: number[][]) => WebGpuProgram;
    let [total, rest] = [inputs[0]!, inputs.slice(1)];
    while (rest.length > 0) {
      const part = [total, ...rest.slice(0, mostInputs - 1)];
      const next = run(new AddN(part.map(({ shape }) => shape)), part, dtype);
      if (total !== inputs[0]) backend.disposeData(total.dataId);
      [total, rest] = [next, rest.slice(mostInputs - 1)];
    }
    return total;
  }
}

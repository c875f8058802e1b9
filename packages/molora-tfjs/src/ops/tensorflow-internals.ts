/**
 * All that reaches into TensorFlow.js beyond its public interface, as version 4.22 has it: the tape of
 * its engine, the names of variables, the heap of the WebAssembly backend, the programs and the device
 * of the WebGPU backend. A test fails when another version is installed, so that somebody looks here.
 *
 * Where the inside of an unknown version looks otherwise, kernels of our own on WebAssembly give way
 * to those of the library, which are slower; all else is an error, as its results would be wrong.
 */
import { AlphaLoraError } from '@alphalora/contracts';
import * as tf from '@tensorflow/tfjs';

/** The version whose inside this file was written for. */
export const knownVersion = '4.22.0';

function unknownInside(what: string): AlphaLoraError {
  const { tfjs: version } = tf.version;
  return new AlphaLoraError(
    'ENGINE_FAILED',
    `TensorFlow.js ${version} has ${what} otherwise than ${knownVersion}, for which this package is made: install @tensorflow/tfjs ${knownVersion}`,
    { details: { version } },
  );
}

/**
 * Gradients within a backward pass clear the engine's tape when they are done; the outer pass still
 * needs its own to free what it saved.
 *
 * @param work computes gradients within a backward pass
 * @throws AlphaLoraError `ENGINE_FAILED` where the engine has no tape that is known
 */
export function keepingTape<Result>(work: () => Result): Result {
  const state = tf.engine().state as { activeTape?: unknown };
  const outer = state.activeTape;
  if (!Array.isArray(outer)) throw unknownInside('the tape of its gradients');
  try {
    return work();
  } finally {
    state.activeTape = outer;
  }
}

/** Stands for the pass that gradients are found in, by its tape: another object in each; undefined outside of one. */
export function currentPass(): object | undefined {
  const { activeTape } = tf.engine().state as { activeTape?: unknown };
  return Array.isArray(activeTape) ? activeTape : undefined;
}

/**
 * Whether there is a variable of that name: TensorFlow.js refuses a second one.
 *
 * @throws AlphaLoraError `ENGINE_FAILED` where the engine does not say
 */
export function isVariable(name: string): boolean {
  const { registeredVariables } = tf.engine().state as { registeredVariables?: unknown };
  if (typeof registeredVariables !== 'object' || registeredVariables === null) {
    throw unknownInside('its list of variables');
  }
  return name in registeredVariables;
}

/** The memory of the WebAssembly backend, on which kernels of our own work. All values are float32. */
interface WasmHeap {
  /** A tensor to be written. The heap may grow for it, which leaves earlier views of values behind. */
  output(shape: number[]): tf.TensorInfo;
  /** A view, good until the next output. */
  values(tensor: tf.TensorInfo): Float32Array;
  /** Writes the products of pairs [batch, m, k] x [batch, k, n], each by XNNPACK, in place. */
  multiplyPairs(a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo): void;
}

/** A kernel on WebAssembly: from tensors to one of its outputs. */
export type WasmKernel = (
  heap: WasmHeap,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
) => tf.TensorInfo;

/**
 * Runs a kernel of our own on the WebAssembly backend.
 *
 * @returns undefined where another backend is current, or the inside of this one is not known: then
 *   the library's operation is to be used
 */
export function runOnWasm(
  name: string,
  inputs: tf.NamedTensorMap,
  kernel: WasmKernel,
): tf.Tensor | undefined {
  if (tf.getBackend() !== 'wasm' || heapOf(tf.backend()) === null) return undefined;
  if (!tf.getKernel(name, 'wasm')) {
    tf.registerKernel({
      kernelName: name,
      backendName: 'wasm',
      kernelFunc: ({ inputs, backend }) =>
        kernel(heapOf(backend as object)!, inputs as Record<string, tf.TensorInfo>),
    });
  }
  return tf.engine().runKernel(name, inputs) as tf.Tensor;
}

/** Backends whose clones share their values. */
const sharing = new WeakSet<object>();

/**
 * Clones on WebAssembly share their values, as on every other backend: the library's kernel copies
 * them, and each gradient keeps clones of what it needs, so that a state that five projections take
 * in would lie in memory five times. The backend counts references for its reshape.
 */
export function shareClonesOnWasm(): void {
  if (tf.getBackend() !== 'wasm') return;
  const backend = tf.backend();
  if (sharing.has(backend) || heapOf(backend) === null) return;
  sharing.add(backend);
  tf.unregisterKernel('Identity', 'wasm');
  tf.registerKernel({
    kernelName: 'Identity',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend }) => {
      const { dataId, shape, dtype } = inputs['x']!;
      (backend as unknown as WasmBackend).incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
}

/** What is used of the WebAssembly backend. */
interface WasmBackend {
  incRef(dataId: object): void;
  makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
  /** Number of the next tensor on the heap. */
  dataIdNextNumber: number;
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  wasm: {
    tfjs: {
      registerTensor(id: number, size: number, memoryOffset: number): void;
      disposeData(id: number): void;
    };
    cwrap(name: string, result: null, parameters: readonly string[]): WasmProduct;
  };
}

type WasmProduct = (
  a: number,
  aShape: Uint8Array,
  aRank: number,
  b: number,
  bShape: Uint8Array,
  bRank: number,
  transposeA: number,
  transposeB: number,
  out: number,
) => void;

/** By backend: it can be removed and set up again. Null where its inside is not known. */
const heaps = new WeakMap<object, WasmHeap | null>();

function heapOf(backend: object): WasmHeap | null {
  let heap = heaps.get(backend);
  if (heap === undefined) {
    heap = isKnownWasm(backend) ? wasmHeap(backend) : null;
    heaps.set(backend, heap);
  }
  return heap;
}

function isKnownWasm(backend: object): backend is WasmBackend {
  const inside = backend as Partial<WasmBackend>;
  return (
    typeof inside.makeOutput === 'function' &&
    typeof inside.incRef === 'function' &&
    typeof inside.typedArrayFromHeap === 'function' &&
    typeof inside.dataIdNextNumber === 'number' &&
    typeof inside.dataIdMap?.get === 'function' &&
    typeof inside.wasm?.cwrap === 'function' &&
    typeof inside.wasm.tfjs?.registerTensor === 'function' &&
    typeof inside.wasm.tfjs.disposeData === 'function'
  );
}

function wasmHeap(backend: WasmBackend): WasmHeap {
  const { tfjs } = backend.wasm;
  const [number, array] = ['number', 'array'];
  const product = backend.wasm.cwrap('BatchMatMul', null, [
    ...[number, array, number, number, array, number],
    ...[number, number, number],
  ]);
  const shapeBytes = (rows: number, columns: number): Uint8Array =>
    new Uint8Array(Int32Array.of(1, rows, columns).buffer);
  const address = ({ dataId }: tf.TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
  return {
    output: (shape) => backend.makeOutput(shape, 'float32'),
    values: (tensor) => backend.typedArrayFromHeap(tensor),
    multiplyPairs(a, b, out) {
      const [batch, m, k] = a.shape as [number, number, number];
      const n = b.shape[2]!;
      const [aShape, bShape] = [shapeBytes(m, k), shapeBytes(k, n)];
      const operands = [
        { start: address(a), size: m * k },
        { start: address(b), size: k * n },
        { start: address(out), size: m * n },
      ];
      for (let i = 0; i < batch; i++) {
        // Each matrix is made known under a number of its own, at its place inside of the tensor.
        const ids = operands.map(({ start, size }) => {
          const id = backend.dataIdNextNumber++;
          tfjs.registerTensor(id, size, start + i * size * Float32Array.BYTES_PER_ELEMENT);
          return id;
        }) as [number, number, number];
        product(ids[0], aShape, 3, ids[1], bShape, 3, 0, 0, ids[2]);
        for (const id of ids) tfjs.disposeData(id);
      }
    },
  };
}

/** What is used of the WebGPU backend. */
export interface WebGpuBackend {
  readonly device: WebGpuDevice;
  readonly tensorMap: { get(dataId: object): { dtype: tf.DataType } };
  runWebGPUProgram(
    program: WebGpuProgram,
    inputs: tf.TensorInfo[],
    dtype: tf.DataType,
    ...more: unknown[]
  ): tf.TensorInfo;
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Float32Array): tf.TensorInfo;
  disposeData(dataId: object): boolean;
}

export interface WebGpuProgram {
  readonly shaderKey: string;
  readonly constructor: unknown;
}

/** What is used of a GPUDevice. */
interface WebGpuDevice {
  readonly limits: { readonly maxStorageBuffersPerShaderStage: number };
  readonly lost: Promise<{ readonly message: string }>;
  addEventListener(
    type: 'uncapturederror',
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
  pushErrorScope(filter: 'validation'): void;
  popErrorScope(): Promise<unknown>;
}

/**
 * The current backend where that is WebGPU; undefined for any other.
 *
 * @throws AlphaLoraError `ENGINE_FAILED` where its inside is not known: its faults give zeros
 */
export function webGpuBackend(): WebGpuBackend | undefined {
  if (tf.getBackend() !== 'webgpu') return undefined;
  const backend = tf.backend() as unknown as Partial<WebGpuBackend>;
  const known =
    typeof backend.device?.limits?.maxStorageBuffersPerShaderStage === 'number' &&
    typeof backend.tensorMap?.get === 'function' &&
    typeof backend.runWebGPUProgram === 'function' &&
    typeof backend.makeTensorInfo === 'function' &&
    typeof backend.disposeData === 'function';
  if (!known) throw unknownInside('the programs of its WebGPU backend');
  return backend as WebGpuBackend;
}

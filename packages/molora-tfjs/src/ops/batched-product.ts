/**
 * Products of many pairs of small matrices, as attention needs them.
 *
 * The WebAssembly backend of TensorFlow.js multiplies single matrices with XNNPACK, but batches with
 * a naive loop that is about ten times slower. A kernel of our own runs its single product on each
 * pair in turn, in place on its heap. It reaches into that backend, which has not changed since 2024;
 * where the parts that it needs are missing, the library's product is used.
 */
import * as tf from '@tensorflow/tfjs';

/**
 * @param a [batch, m, k] @param b [batch, k, n]
 * @returns [batch, m, n]; not differentiable: for use inside of operations with their own gradients
 */
export function batchedProduct(a: tf.Tensor3D, b: tf.Tensor3D): tf.Tensor3D {
  if (a.shape[0] > 1 && hasKernel()) {
    return tf.engine().runKernel(KERNEL, { a, b }) as tf.Tensor3D;
  }
  return tf.matMul(a, b);
}

const KERNEL = 'MoloraBatchedProduct';

/** What is used of the WebAssembly backend. */
interface WasmBackend {
  makeOutput(shape: number[], dtype: 'float32'): tf.TensorInfo;
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

/** By backend: it can be removed and set up again. */
const products = new WeakMap<object, WasmProduct | null>();

function hasKernel(): boolean {
  if (tf.getBackend() !== 'wasm') return false;
  const backend = tf.backend();
  if (!products.has(backend)) {
    products.set(backend, singleProduct(backend));
    if (!tf.getKernel(KERNEL, 'wasm')) {
      tf.registerKernel({ kernelName: KERNEL, backendName: 'wasm', kernelFunc: run });
    }
  }
  return products.get(backend) !== null;
}

function singleProduct(backend: object): WasmProduct | null {
  const { makeOutput, dataIdNextNumber, dataIdMap, wasm } = backend as Partial<WasmBackend>;
  const known =
    typeof makeOutput === 'function' &&
    typeof dataIdNextNumber === 'number' &&
    typeof dataIdMap?.get === 'function' &&
    typeof wasm?.cwrap === 'function' &&
    typeof wasm.tfjs?.registerTensor === 'function' &&
    typeof wasm.tfjs.disposeData === 'function';
  if (!known) return null;
  const [number, array] = ['number', 'array'];
  return wasm.cwrap('BatchMatMul', null, [
    ...[number, array, number, number, array, number],
    ...[number, number, number],
  ]);
}

function run({ inputs, backend: anyBackend }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const backend = anyBackend as WasmBackend;
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const [batch, m, k] = a.shape as [number, number, number];
  const n = b.shape[2]!;
  const out = backend.makeOutput([batch, m, n], 'float32');
  const product = products.get(backend)!;
  const { tfjs } = backend.wasm;
  const shapeBytes = (rows: number, columns: number): Uint8Array =>
    new Uint8Array(Int32Array.of(1, rows, columns).buffer);
  const [aShape, bShape] = [shapeBytes(m, k), shapeBytes(k, n)];
  const address = ({ dataId }: tf.TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
  const operands = [
    { start: address(a), size: m * k },
    { start: address(b), size: k * n },
    { start: address(out), size: m * n },
  ];
  for (let i = 0; i < batch; i++) {
    // Each matrix is made known under a number of its own, at its place inside of the whole tensor.
    const ids = operands.map(({ start, size }) => {
      const id = backend.dataIdNextNumber++;
      tfjs.registerTensor(id, size, start + i * size * Float32Array.BYTES_PER_ELEMENT);
      return id;
    }) as [number, number, number];
    product(ids[0], aShape, 3, ids[1], bShape, 3, 0, 0, ids[2]);
    for (const id of ids) tfjs.disposeData(id);
  }
  return out;
}

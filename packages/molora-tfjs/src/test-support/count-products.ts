/** Matrix products as counts: how many rows pass through maps of a given width. */
import * as tf from '@tensorflow/tfjs';

interface Kernels {
  runKernel(
    name: string,
    inputs: Record<string, tf.Tensor>,
    attrs?: Record<string, unknown>,
  ): unknown;
}

export interface ProductCounts {
  /** Rows of all products that give so many columns. */
  rowsTo(columns: number): number;
  /** Rows of all products that take so many columns. */
  rowsFrom(columns: number): number;
}

/** Counts what `act` multiplies. */
export async function countProducts(act: () => unknown): Promise<ProductCounts> {
  const engine = tf.engine() as unknown as Kernels;
  const { runKernel } = engine;
  const products: Array<{ rows: number; inner: number; columns: number }> = [];
  engine.runKernel = (name, inputs, attrs = {}) => {
    if (name === 'BatchMatMul' || name === '_FusedMatMul') {
      const a = inputs['a']!.shape.slice(-2);
      const b = inputs['b']!.shape.slice(-2);
      const batch = inputs['a']!.size / (a[0]! * a[1]!);
      const [rows, inner] = attrs['transposeA'] ? [a[1]!, a[0]!] : [a[0]!, a[1]!];
      products.push({ rows: batch * rows, inner, columns: attrs['transposeB'] ? b[0]! : b[1]! });
    }
    return runKernel.call(engine, name, inputs, attrs);
  };
  try {
    await act();
  } finally {
    engine.runKernel = runKernel;
  }
  const sumWhere = (counts: (product: (typeof products)[number]) => boolean): number =>
    products.filter(counts).reduce((sum, { rows }) => sum + rows, 0);
  return {
    rowsTo: (wanted) => sumWhere(({ columns }) => columns === wanted),
    rowsFrom: (wanted) => sumWhere(({ inner }) => inner === wanted),
  };
}

/** A trained adapter from its folder, as tensors. */
import type { AdapterSpec, Tensors } from '@alphalora/molora-tfjs';
import type { Runtime } from './runtime.js';

export async function adapterOf(
  { molora, tf }: Runtime,
  folder: string,
): Promise<{ spec: AdapterSpec; tensors: Tensors }> {
  const { state } = await molora.loadAdapter(folder);
  const tensors = Object.fromEntries(
    Object.entries(state.tensors).map(([name, { shape, values }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]),
  );
  return { spec: state.spec, tensors };
}

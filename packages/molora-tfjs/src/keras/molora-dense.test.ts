import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { MoloraDense } from './molora-dense.js';

beforeAll(() => useBackend('cpu'));

function model(layer: MoloraDense, inputShape: number[]): tf.LayersModel {
  const input = tf.input({ shape: inputShape });
  return tf.model({ inputs: input, outputs: layer.apply(input) as tf.SymbolicTensor });
}

describe('the layer in a model of tf.layers', () => {
  it('starts as a dense layer with its kernel and bias', () => {
    const layer = new MoloraDense({ units: 2, ranks: [2, 1, 3], name: 'starts' });
    const net = model(layer, [3]);
    layer.setBase(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), tf.tensor1d([10, 20]));
    expect(net.outputs[0]!.shape).toEqual([null, 2]);
    const y = net.predict(tf.tensor2d([[1, 0, -1]])) as tf.Tensor;
    expect([...y.dataSync()]).toEqual([1 - 5 + 10, 2 - 6 + 20]);
  });

  it('keeps the axes before the last', () => {
    const layer = new MoloraDense({ units: 2, ranks: [1], useBias: false, name: 'axes' });
    const net = model(layer, [4, 3]);
    expect((net.predict(tf.zeros([5, 4, 3])) as tf.Tensor).shape).toEqual([5, 4, 2]);
  });

  it('fits by its experts alone', async () => {
    const layer = new MoloraDense({ units: 1, ranks: [2, 2], dropout: 0, name: 'fits' });
    const net = model(layer, [4]);
    expect(layer.trainableWeights.map(({ shape }) => shape)).toEqual([
      [4, 4],
      [4, 1],
      [4, 2],
    ]);
    net.compile({ optimizer: tf.train.adam(0.05), loss: 'meanSquaredError' });
    const x = tf.randomNormal([64, 4], 0, 1, 'float32', 1);
    const y = tf.sum(x, 1, true);
    const { history } = await net.fit(x, y, { epochs: 30, shuffle: false, verbose: 0 });
    const losses = history['loss'] as number[];
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 20);
    expect(layer.nonTrainableWeights.map(({ shape }) => shape)).toEqual([[4, 1], [1]]);
    expect([...(layer.nonTrainableWeights[0]!.read().dataSync() as Float32Array)]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it('is saved and loaded with its model', async () => {
    const layer = new MoloraDense({
      units: 3,
      ranks: [1, 2],
      alpha: 4,
      topK: 1,
      name: 'saved',
      router: { name: 'entropy', options: { threshold: 0.5 } },
    });
    const net = model(layer, [2]);
    layer.setWeights(
      layer.getWeights().map((w, i) => tf.randomNormal(w.shape, 0, 1, 'float32', i)),
    );
    const saved = net.toJSON(null, false) as tf.io.ModelJSON['modelTopology'];
    const weights = net.getWeights();
    const again = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: saved as object }));
    again.setWeights(weights);
    const x = tf.tensor2d([[0.3, -2]]);
    const [before, after] = [net.predict(x) as tf.Tensor, again.predict(x) as tf.Tensor];
    expect([...after.dataSync()]).toEqual([...before.dataSync()]);
  });
});

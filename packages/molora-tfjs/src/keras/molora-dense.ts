/**
 * The adapted projection as a layer of `tf.layers`, so that it drops into any `tf.model`: a dense
 * layer without activation whose kernel and bias are frozen, with experts that train. All of its
 * mathematics is `adaptedProjection`; auxiliary losses of routers need that function.
 */
import * as tf from '@tensorflow/tfjs';
import type { AdaptedProjection, AdapterSpec, Tensors } from '../adapters/adapter-spec.js';
import { adaptedProjection } from '../experts/adapted-projection.js';
import { projectionTensors } from '../experts/initial-tensors.js';
import { isTrainable } from '../experts/parameters.js';
import { createRouter } from '../experts/routers/index.js';
import { derivedSeed } from '../ops/random.js';

export interface MoloraDenseArgs {
  /** Size of the output's last axis. */
  units: number;
  /** LoRA rank of each expert. */
  ranks: number[];
  /** lora_alpha of every expert: its output is scaled by alpha / rank. @default 16 */
  alpha?: number;
  /** Experts that the router selects per token. @default 2, or 1 where there is one expert */
  topK?: number;
  /** By name in `routers`. @default `top-k` */
  router?: AdapterSpec['router'];
  /** Share of the experts' inputs that is dropped while training. @default 0.05 */
  dropout?: number;
  /** Of initial tensors and dropout. @default 0 */
  seed?: number;
  useBias?: boolean;
  /** Name of the layer; unique in a model. */
  name?: string;
}

type Shape = (number | null)[];
type Weight = ReturnType<tf.layers.Layer['addWeight']>;

export class MoloraDense extends tf.layers.Layer {
  static readonly className: string = 'MoloraDense';
  readonly #args: MoloraDenseArgs;
  readonly #router: ReturnType<typeof createRouter>;
  #projection: AdaptedProjection | undefined;
  readonly #weights: Record<string, Weight> = {};
  #passes = 0;

  /** @throws AlphaLoraError `NOT_FOUND`, `INVALID_OPTION` for a router that cannot be */
  constructor(args: MoloraDenseArgs) {
    super(args.name === undefined ? {} : { name: args.name });
    this.#args = args;
    this.#router = createRouter(args.router ?? { name: 'top-k', options: {} });
  }

  /** @throws AlphaLoraError `INVALID_OPTION` for ranks or topK that cannot be */
  override build(inputShape: Shape | Shape[]): void {
    const inputs = lastAxis(inputShape);
    const { units, ranks, alpha = 16, useBias = true } = this.#args;
    const topK = this.#args.topK ?? Math.min(2, ranks.length);
    const scalings = ranks.map((rank) => alpha / rank);
    // Within the layer: tensors of layers are told apart by the layer's name already.
    const projection = { name: 'experts', block: 0, inputs, outputs: units, ranks, scalings, topK };
    this.#projection = projection;
    const add = (name: string, shape: number[], initial: Initializer, trains: boolean): void => {
      this.#weights[name] = this.addWeight(name, shape, 'float32', initial, undefined, trains);
    };
    for (const { name, shape, initial } of projectionTensors(projection, this.#router)) {
      const initializer =
        typeof initial === 'number'
          ? tf.initializers.constant({ value: initial })
          : uniform(1 / Math.sqrt(initial.fanIn), derivedSeed(this.#args.seed ?? 0, name));
      add(name, [...shape], initializer, isTrainable(name, this.#router));
    }
    add('kernel', [inputs, units], tf.initializers.zeros(), false);
    if (useBias) add('bias', [units], tf.initializers.zeros(), false);
    this.built = true;
  }

  /**
   * Sets what is frozen, zero at first. The layer must be built.
   *
   * @param kernel [inputs, units], as of `tf.layers.dense`
   */
  setBase(kernel: tf.Tensor2D, bias?: tf.Tensor1D): void {
    this.#weights['kernel']!.write(kernel);
    if (bias) this.#weights['bias']!.write(bias);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0]! : inputs;
      const projection = this.#projection!;
      const tensors: Tensors = Object.fromEntries(
        Object.entries(this.#weights).map(([name, weight]) => [name, weight.read()]),
      );
      const kernel = tensors['kernel'] as tf.Tensor2D;
      const bias = tensors['bias'] as tf.Tensor1D | undefined;
      const { output } = adaptedProjection(
        tf.reshape(x, [-1, projection.inputs]),
        { kernel, ...(bias && { bias }) },
        projection,
        tensors,
        {
          router: this.#router,
          training: kwargs['training'] === true,
          dropout: this.#args.dropout ?? 0.05,
          seed: derivedSeed(this.#args.seed ?? 0, `pass ${this.#passes++}`),
        },
      );
      return tf.reshape(output, [...x.shape.slice(0, -1), projection.outputs]);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
    return [...shape.slice(0, -1), this.#args.units];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), ...this.#args } as tf.serialization.ConfigDict;
  }
}

tf.serialization.registerClass(MoloraDense, 'molora');

type Initializer = ReturnType<typeof tf.initializers.zeros>;

function uniform(bound: number, seed: number): Initializer {
  return tf.initializers.randomUniform({ minval: -bound, maxval: bound, seed });
}

function lastAxis(shape: Shape | Shape[]): number {
  const [single] = Array.isArray(shape[0]) ? (shape as Shape[]) : [shape as Shape];
  return single!.at(-1)!;
}

/** The conformance kit of router losses, on the backend that the caller has chosen. */
import {
  type Check,
  createKit,
  type Examination,
  forEachOf,
  type TestFunctions,
} from '@alphalora/contracts/testing';
import * as tf from '@tensorflow/tfjs';
import type { RouterLoss } from '../experts/losses/router-loss.js';
import type { Routing } from '../experts/routers/router.js';
import { topK } from '../experts/routers/top-k.js';
import { gradientFault, sines, tensorsLeft } from './gradients.js';

interface Subject {
  readonly name: string;
  readonly loss: RouterLoss;
}

type Examine = Examination<Subject>;

/** Within a tidy: what the router top-k makes of the logits, one row for each token. */
function routingOf(logits: tf.Tensor2D): Routing {
  const [tokens, experts] = logits.shape;
  const ones = Array.from({ length: experts }, () => 1);
  const projection = {
    ...{ name: 'p', block: 0, inputs: tokens, outputs: 1, topK: 2 },
    ...{ ranks: ones, scalings: ones },
  };
  return topK.create({}).route({
    // With the identity as tokens, the router's weights are the logits.
    x: tf.eye(tokens),
    hidden: tf.zeros([tokens, experts]),
    projection,
    tensors: { 'p.router': logits },
    task: 0,
  });
}

/** The first experts are preferred: where all are used alike, a loss may have no gradient. */
function planted(tokens: number, experts: number, seed: number): tf.Tensor2D {
  const values = sines(tokens * experts, seed).map((value, i) => value - 0.4 * (i % experts));
  return tf.tensor2d(values, [tokens, experts]);
}

/** What the loss is asked about: one projection and several, also such as cannot be pooled. */
const samples: ReadonlyArray<readonly [name: string, logits: () => tf.Tensor2D[]]> = [
  ['one projection', () => [planted(6, 4, 1)]],
  ['two projections', () => [planted(6, 4, 1), planted(6, 4, 2)]],
  ['projections with other numbers of experts', () => [planted(6, 4, 1), planted(6, 3, 2)]],
  ['one token', () => [planted(1, 4, 3)]],
  ['tokens that are sure of their expert', () => [tf.mul(tf.eye(4), 200)]],
  ['tokens that all take one expert', () => [tf.mul(tf.oneHot([1, 1, 1], 4), 200)]],
];

function lossOf(loss: RouterLoss, logits: readonly tf.Tensor2D[]): number {
  return tf.tidy(() => loss(logits.map(routingOf)).dataSync()[0]!);
}

const scalar: Examine = ({ loss }) =>
  forEachOf(samples, ([name, logits]) =>
    tf.tidy(() => {
      const value = loss(logits().map(routingOf));
      return value.shape?.length === 0
        ? undefined
        : { failed: `${name}: the shape is [${value.shape}], not that of a number` };
    }),
  );

const finite: Examine = ({ loss }) =>
  forEachOf(samples, ([name, logits]) =>
    tf.tidy(() => {
      const value = lossOf(loss, logits());
      return Number.isFinite(value) ? undefined : { failed: `${name}: it is ${value}` };
    }),
  );

const determinism: Examine = ({ loss }) =>
  forEachOf(samples, ([name, logits]) =>
    tf.tidy(() => {
      const [first, second] = [lossOf(loss, logits()), lossOf(loss, logits())];
      return first === second
        ? undefined
        : { failed: `${name}: ${first}, and ${second} when asked again` };
    }),
  );

/** Neither tokens nor projections have an order. */
const order: Examine = ({ loss }) =>
  forEachOf(samples, ([name, logits]) =>
    tf.tidy(() => {
      const given = logits();
      const turned = given.toReversed().map((rows) => tf.reverse(rows, 0));
      const [first, second] = [lossOf(loss, given), lossOf(loss, turned)];
      return Math.abs(first - second) <= 1e-5 * Math.max(1, Math.abs(first))
        ? undefined
        : { failed: `${name}: ${first}, and ${second} in another order` };
    }),
  );

const gradients: Examine = ({ loss }) =>
  forEachOf(samples.slice(0, 3), ([name, logits]) =>
    tf.tidy(() => {
      const given = Object.fromEntries(
        logits().map((rows, i) => [`the logits of projection ${i}`, rows]),
      );
      const fault = gradientFault(
        (moved) => loss(Object.values(moved).map((rows) => routingOf(rows as tf.Tensor2D))),
        given,
      );
      return fault === undefined ? undefined : { failed: `${name}: ${fault}` };
    }),
  );

/** Where probabilities underflow, logarithms of them must not make gradients infinite. */
const finiteGradients: Examine = ({ loss }) =>
  forEachOf(samples, ([name, logits]) =>
    tf.tidy(() => {
      const gradient = tf.grads((...rows: tf.Tensor[]) =>
        loss(rows.map((one) => routingOf(one as tf.Tensor2D))),
      );
      const values = gradient(logits()).flatMap((one) => [...one.dataSync()]);
      return values.every(Number.isFinite)
        ? undefined
        : { failed: `${name}: a gradient is not finite` };
    }),
  );

const inputUnchanged: Examine = ({ loss }) =>
  tf.tidy(() => {
    const routing = routingOf(planted(6, 4, 1));
    loss([routing]);
    const gone = (['logits', 'probabilities', 'gates'] as const).find(
      (part) => routing[part].isDisposed,
    );
    return gone && { failed: `it disposes of ${gone}` };
  });

const memory: Examine = ({ loss }) =>
  forEachOf(samples, ([name, logits]) => {
    const left = tensorsLeft(() => {
      loss(logits().map(routingOf));
    });
    return left === 0 ? undefined : { failed: `${name}: a call leaves ${left} tensors behind` };
  });

const kit = createKit<Subject>({
  steps: [
    ['scalar', scalar],
    ['finite', finite],
    ['determinism', determinism],
  ],
  independent: [
    ['order', order],
    ['gradients', gradients],
    ['finite gradients', finiteGradients],
    ['input unchanged', inputUnchanged],
    ['memory', memory],
  ],
});

/**
 * @param name what messages call the loss
 * @returns a result for each check; it never throws for a fault of the loss
 */
export function checkRouterLoss(name: string, loss: RouterLoss): Promise<Check[]> {
  return kit.check({ name, loss });
}

/** {@link checkRouterLoss} as tests of the caller's framework, one for each check. */
export function describeRouterLoss(name: string, loss: RouterLoss, tests: TestFunctions): void {
  kit.describe(`router loss ${name}`, { name, loss }, tests);
}

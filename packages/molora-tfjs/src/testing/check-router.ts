/** The conformance kit of routers, on the backend that the caller has chosen. */
import { isAlphaLoraError } from '@alphalora/contracts';
import {
  type Check,
  createKit,
  type Examination,
  forEachOf,
  type TestFunctions,
} from '@alphalora/contracts/testing';
import * as tf from '@tensorflow/tfjs';
import { checkedOptions } from '../experts/routers/options.js';
import type { Router, RouterFactory } from '../experts/routers/router.js';
import { gradientFault, sines, tensorsLeft } from './gradients.js';
import {
  differentiable,
  parts,
  plantedInput,
  projection,
  type RoutingValues,
  TOKENS,
  tokensOf,
  valuesOf,
  withTensors,
} from './router-input.js';

interface Subject {
  // biome-ignore lint/suspicious/noExplicitAny: the options of each router are its own
  readonly factory: RouterFactory<any>;
  readonly given: Readonly<Record<string, unknown>>;
}

type Examine = Examination<Subject>;

const experts = projection.ranks.length;

function made({ factory, given }: Subject): Router {
  return factory.create(checkedOptions(factory, given));
}

/** The routing of the planted tokens, as numbers. */
function routed(router: Router, topK?: number): RoutingValues {
  return tf.tidy(() => valuesOf(router.route(plantedInput(router, topK))));
}

const shape: Examine = (subject) => {
  const { name, create } = subject.factory;
  if (typeof name !== 'string' || !/^\S+$/.test(name)) {
    return { failed: `name must be a word, not ${JSON.stringify(name)}` };
  }
  if (typeof create !== 'function') return { failed: 'create must be a function' };
  const router = made(subject);
  if (router.name !== name) return { failed: `${name} makes a router of the name ${router.name}` };
  if (typeof router.trainsExperts !== 'boolean') {
    return { failed: 'trainsExperts must be true or false' };
  }
  return typeof router.tensors === 'function' && typeof router.route === 'function'
    ? undefined
    : { failed: 'tensors and route must be functions' };
};

const tensors: Examine = (subject) => {
  const list = made(subject).tensors(projection);
  const odd = list.find(({ suffix }) => !/^(\.\w+)*$/.test(suffix));
  if (odd) {
    return { failed: `${JSON.stringify(odd.suffix)} is no suffix: nothing, or such as ".scale"` };
  }
  if (new Set(list.map(({ suffix }) => suffix)).size < list.length) {
    return { failed: 'two tensors have the same suffix' };
  }
  return forEachOf(list, ({ suffix, shape, initial }) => {
    if (!shape.every((length) => Number.isInteger(length) && length > 0)) {
      return { failed: `.router${suffix} has the shape [${shape}]` };
    }
    const start = typeof initial === 'number' ? initial : initial.fanIn;
    return Number.isFinite(start) && (start > 0 || typeof initial === 'number')
      ? undefined
      : { failed: `.router${suffix} starts at ${JSON.stringify(initial)}` };
  });
};

const routes: Examine = (subject) =>
  tf.tidy(() => {
    const router = made(subject);
    const routing = router.route(plantedInput(router));
    const odd = parts.find((part) => `${routing[part]?.shape}` !== `${[TOKENS, experts]}`);
    return (
      odd && {
        failed: `${odd} are [${routing[odd]?.shape}], not tokens x experts, [${TOKENS},${experts}]`,
      }
    );
  });

const finite: Examine = (subject) => {
  const values = routed(made(subject));
  const odd = parts.find((part) => values[part].flat().some((value) => !Number.isFinite(value)));
  return odd && { failed: `${odd} are not all finite: ${values[odd].flat()}` };
};

const determinism: Examine = (subject) => {
  const router = made(subject);
  const [first, second] = [routed(router), routed(router)];
  return JSON.stringify(first) === JSON.stringify(second)
    ? undefined
    : { failed: 'two calls differ' };
};

const probabilities: Examine = (subject) => {
  const odd = routed(made(subject)).probabilities.find(
    (row) => row.some((p) => p < 0) || Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) > 1e-5,
  );
  return odd && { failed: `the probabilities of a token are ${odd}: not negative, 1 in all` };
};

const gates: Examine = (subject) => {
  const odd = routed(made(subject)).gates.find(
    (row) => row.some((gate) => gate < 0) || row.every((gate) => gate === 0),
  );
  return odd && { failed: `the gates of a token are ${odd}: not negative, and some above zero` };
};

/** A larger topK leaves no token with fewer experts. */
const selection: Examine = (subject) => {
  const router = made(subject);
  const counts: number[] = [];
  for (let topK = 1; topK <= experts; topK++) {
    try {
      const chosen = routed(router, topK)
        .gates.flat()
        .filter((gate) => gate !== 0);
      counts.push(chosen.length);
    } catch (error) {
      // Some need experts beside those that are selected.
      if (!isAlphaLoraError(error, 'INVALID_OPTION')) throw error;
    }
  }
  const falls = counts.some((count, i) => count < (counts[i - 1] ?? 0));
  return falls
    ? { failed: `from topK 1 up, ${counts.join(', ')} gates are above zero for ${TOKENS} tokens` }
    : undefined;
};

const TOLERANCE = 1e-5;

/** A token is routed as it is: alone, among others, and in another place. */
const independence: Examine = (subject) => {
  const router = made(subject);
  const together = routed(router);
  const order = [3, 0, 4, 2, 1];
  return forEachOf([...order.map((row) => [row]), order], (rows) => {
    const values = tf.tidy(() => valuesOf(router.route(tokensOf(plantedInput(router), rows))));
    const odd = parts.find((part) =>
      rows.some((row, i) =>
        values[part][i]!.some(
          (value, expert) => !(Math.abs(value - together[part][row]![expert]!) <= TOLERANCE),
        ),
      ),
    );
    return odd && { failed: `${odd} of a token are others when it is routed with other tokens` };
  });
};

const inputUnchanged: Examine = (subject) =>
  tf.tidy(() => {
    const router = made(subject);
    const input = plantedInput(router);
    const all: Array<[string, tf.Tensor]> = [
      ['x', input.x],
      ['hidden', input.hidden],
      ...Object.entries(input.tensors),
    ];
    const before = all.map(([, tensor]) => tensor.dataSync().join());
    router.route(input);
    const odd = all.find(
      ([, tensor], i) => tensor.isDisposed || tensor.dataSync().join() !== before[i],
    );
    return odd && { failed: `${odd[0]} is disposed of or not what it was` };
  });

const memory: Examine = (subject) => {
  const router = made(subject);
  const left = tensorsLeft(() => {
    router.route(plantedInput(router));
  });
  return left === 0 ? undefined : { failed: `a call leaves ${left} tensors behind` };
};

/** In the router's tensors and in the token, as training sees it: through gates and probabilities. */
const gradients: Examine = (subject) =>
  tf.tidy(() => {
    const router = made(subject);
    const input = plantedInput(router);
    const weights = (seed: number) => tf.tensor2d(sines(TOKENS * experts, seed), [TOKENS, experts]);
    const [ofGates, ofProbabilities] = [weights(20), weights(21)];
    const fault = gradientFault(
      (moved) => {
        const { gates, probabilities } = router.route(withTensors(input, moved));
        const sum = tf.add(tf.mul(gates, ofGates), tf.mul(probabilities, ofProbabilities));
        return tf.sum<tf.Scalar>(sum);
      },
      differentiable(input, router),
    );
    return fault === undefined ? undefined : { failed: fault };
  });

const unknownOption: Examine = ({ factory, given }) => {
  try {
    checkedOptions(factory, { ...given, 'no-such-option': 1 });
  } catch (error) {
    return isAlphaLoraError(error, 'INVALID_OPTION')
      ? undefined
      : { failed: `an option "no-such-option" ends in ${error}; expected INVALID_OPTION` };
  }
  return { failed: 'the schema accepts "no-such-option": make it strict' };
};

const kit = createKit<Subject>({
  steps: [
    ['shape', shape],
    ['tensors', tensors],
    ['routes', routes],
    ['finite', finite],
    ['determinism', determinism],
  ],
  independent: [
    ['probabilities', probabilities],
    ['gates', gates],
    ['selection', selection],
    ['independence', independence],
    ['input unchanged', inputUnchanged],
    ['memory', memory],
    ['gradients', gradients],
    ['unknown option', unknownOption],
  ],
});

/**
 * @param options other ones than the router's defaults
 * @returns a result for each check; it never throws for a fault of the router
 */
export function checkRouter<Options>(
  factory: RouterFactory<Options>,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Check[]> {
  return kit.check({ factory, given: options });
}

/** {@link checkRouter} as tests of the caller's framework, one for each check. */
export function describeRouter<Options>(
  factory: RouterFactory<Options>,
  tests: TestFunctions,
  options: Readonly<Record<string, unknown>> = {},
): void {
  kit.describe(`router ${factory.name}`, { factory, given: options }, tests);
}

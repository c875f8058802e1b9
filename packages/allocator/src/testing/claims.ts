/** What the traits claim, checked on the policy itself; what they do not claim is skipped. */
import {
  ask,
  describeReply,
  type Examine,
  forEachResource,
  numbersOf,
  sampleOf,
} from './subject.js';

const slack = 1e-9;

/** Layers in another order get the same answers in that order. */
export const equivariance: Examine = (subject) => {
  if (!subject.policy.traits.equivariant) return { skipped: 'traits.equivariant is not claimed' };
  return forEachResource(subject, async (resource) => {
    const sample = sampleOf(subject, resource);
    const numbers = numbersOf(subject, await ask(subject, sample));
    const count = sample.layers.length;
    for (const order of [reversed(count), rotated(count)]) {
      // A layer's position is where it stands now; everything else goes with it.
      const layers = order.map((from, index) => ({ ...sample.layers[from]!, index }));
      const moved = numbersOf(subject, await ask(subject, { ...sample, layers }));
      const at = order.findIndex((from, to) => !close(moved?.[to], numbers?.[from]));
      if (at < 0) continue;
      return {
        failed:
          `${resource}: layer ${order[at]} gets ${numbers?.[order[at]!]}, and ` +
          `${moved?.[at]} when it stands at ${at}`,
      };
    }
    return undefined;
  });
};

/** Raises one score at a time and looks at that layer: at its share, where only shares count. */
export const monotonicity: Examine = (subject) => {
  const { monotone, answer } = subject.policy.traits;
  if (!monotone) return { skipped: 'traits.monotone is not claimed' };
  return forEachResource(subject, async (resource) => {
    const sample = sampleOf(subject, resource);
    const amount = async (at: number, score: number): Promise<number> => {
      const layers = sample.layers.map((layer) =>
        layer.index === at ? { ...layer, score } : layer,
      );
      const numbers = numbersOf(subject, await ask(subject, { ...sample, layers })) ?? [];
      const sum = answer === 'weights' ? numbers.reduce((a, b) => a + b, 0) : 1;
      return numbers[at]! / sum;
    };
    for (const { index, score } of sample.layers) {
      let before = await amount(index, score);
      for (const factor of [1.05, 1.3, 2]) {
        const after = await amount(index, score * factor);
        const change = monotone === 'increasing' ? after - before : before - after;
        if (!(change >= -slack * Math.abs(before))) {
          return {
            failed:
              `${resource}: not ${monotone}: layer ${index} goes from ${before} to ${after} when ` +
              `its score rises to ${score * factor}`,
          };
        }
        before = after;
      }
    }
    return undefined;
  });
};

/** A policy that claims to draw random numbers gives other answers for some other seed. */
export const seeded: Examine = (subject) => {
  if (!subject.policy.traits.seeded) return { skipped: 'traits.seeded is not claimed' };
  return forEachResource(subject, async (resource) => {
    const answers = new Set<string>();
    for (let shift = 0; shift < 4; shift++) {
      const reply = await ask(subject, sampleOf(subject, resource), {
        otherSeed: subject.seed + shift,
      });
      answers.add(JSON.stringify(numbersOf(subject, reply)));
    }
    return answers.size > 1 ? undefined : { failed: `${resource}: four seeds, one answer` };
  });
};

/** Settles, either way, once the signal has fired: before the call, or right after it. */
export const abort: Examine = (subject) =>
  forEachResource(subject, async (resource) => {
    for (const moment of ['before', 'after'] as const) {
      const controller = new AbortController();
      if (moment === 'before') controller.abort();
      const limit = subject.timeout / 10;
      const reply = ask(subject, sampleOf(subject, resource), { signal: controller.signal, limit });
      controller.abort();
      if ('late' in (await reply)) {
        return {
          failed: `${resource}: still at work ${limit} ms after the signal fired ${moment} the call`,
        };
      }
    }
    return undefined;
  });

export const singleLayer: Examine = (subject) =>
  forEachResource(subject, async (resource) => {
    const { layers, budget } = sampleOf(subject, resource);
    const total = budget.total === undefined ? {} : { total: budget.total / layers.length };
    const sample = { layers: layers.slice(0, 1), budget: { ...budget, ...total } };
    return soundOrReason(numbersOf(subject, await ask(subject, sample)), 1, resource);
  });

export const equalScores: Examine = (subject) =>
  forEachResource(subject, async (resource) => {
    const sample = sampleOf(subject, resource);
    const layers = sample.layers.map((layer) => ({ ...layer, score: 3 }));
    const reply = await ask(subject, { ...sample, layers });
    if ('error' in reply) return { failed: `${resource}: ${describeReply(reply)}` };
    return soundOrReason(numbersOf(subject, reply), layers.length, resource);
  });

function soundOrReason(numbers: readonly number[] | undefined, count: number, resource: string) {
  const sound = numbers?.length === count && numbers.every((n) => Number.isFinite(n) && n >= 0);
  return sound ? undefined : { failed: `${resource}: it answered [${numbers ?? 'nothing'}]` };
}

function close(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && Math.abs(a - b) <= slack * Math.max(1, Math.abs(b));
}

function reversed(count: number): number[] {
  return Array.from({ length: count }, (_, i) => count - 1 - i);
}

function rotated(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 3) % count);
}

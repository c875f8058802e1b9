/** Checks that rest on one another: what every further check takes for granted. */
import { requirePolicy } from '../define-policy.js';
import { misspelt } from '../host/ask.js';
import {
  ask,
  describeReply,
  type Examine,
  forEachResource,
  numbersOf,
  sampleOf,
} from './subject.js';

/** In their order. `shape` and `options` come first, because asking needs both. */
export const steps: ReadonlyArray<[name: string, check: Examine]> = [
  [
    'settles',
    (subject) =>
      forEachResource(subject, async (resource) => {
        const reply = await ask(subject, sampleOf(subject, resource));
        return 'late' in reply
          ? { failed: `${resource}: no answer within ${subject.timeout} ms` }
          : undefined;
      }),
  ],
  [
    'no error',
    (subject) =>
      forEachResource(subject, async (resource) => {
        const reply = await ask(subject, sampleOf(subject, resource));
        return 'error' in reply ? { failed: `${resource}: ${describeReply(reply)}` } : undefined;
      }),
  ],
  [
    'answer',
    (subject) =>
      forEachResource(subject, async (resource) => {
        const sample = sampleOf(subject, resource);
        const reply = await ask(subject, sample);
        const numbers = numbersOf(subject, reply);
        if (numbers?.length === sample.layers.length) return;
        const { answer } = subject.policy.traits;
        return {
          failed:
            `${resource}: needs { ${answer}: [one number for each of ${sample.layers.length} ` +
            `layers] }, as traits.answer says; ${describeReply(reply)}`,
        };
      }),
  ],
  [
    'finite',
    (subject) =>
      forEachResource(subject, async (resource) => {
        const numbers = numbersOf(subject, await ask(subject, sampleOf(subject, resource)));
        const at = numbers?.findIndex((value) => !Number.isFinite(value)) ?? -1;
        if (at < 0) return undefined;
        const got = numbers![at];
        return { failed: `${resource}: layer ${at} gets ${got}${misspelt(got)}` };
      }),
  ],
  [
    'sign',
    (subject) =>
      forEachResource(subject, async (resource) => {
        const numbers = numbersOf(subject, await ask(subject, sampleOf(subject, resource))) ?? [];
        const at = numbers.findIndex((value) => value < 0);
        if (at >= 0) return { failed: `${resource}: layer ${at} gets ${numbers[at]}, below zero` };
        const nothing = subject.policy.traits.answer === 'weights' && !numbers.some((n) => n > 0);
        return nothing ? { failed: `${resource}: all weights are zero` } : undefined;
      }),
  ],
  [
    'input unchanged',
    (subject) =>
      forEachResource(subject, async (resource) => {
        const sample = sampleOf(subject, resource);
        await ask(subject, sample);
        if (JSON.stringify(sample) !== JSON.stringify(sampleOf(subject, resource))) {
          return { failed: `${resource}: the layers or the budget are not what they were` };
        }
        const frozen = sampleOf(subject, resource);
        for (const layer of frozen.layers) Object.freeze(layer);
        Object.freeze(frozen.layers);
        Object.freeze(frozen.budget);
        const reply = await ask(subject, frozen);
        return 'error' in reply
          ? { failed: `${resource}: with frozen input, ${describeReply(reply)}` }
          : undefined;
      }),
  ],
  [
    'determinism',
    (subject) =>
      forEachResource(subject, async (resource) => {
        const answer = async (otherSeed: number): Promise<string> =>
          JSON.stringify(
            numbersOf(subject, await ask(subject, sampleOf(subject, resource), { otherSeed })),
          );
        const first = await answer(subject.seed);
        if (first !== (await answer(subject.seed))) {
          return { failed: `${resource}: two calls with the same seed differ` };
        }
        return subject.policy.traits.seeded || first === (await answer(subject.seed + 1))
          ? undefined
          : {
              failed: `${resource}: another seed changes the answer, and traits.seeded is not set`,
            };
      }),
  ],
];

/** What is wrong with the description itself; undefined where nothing is. */
export const shape: Examine = ({ policy }) => {
  try {
    requirePolicy(policy);
    return undefined;
  } catch (error) {
    return { failed: (error as Error).message };
  }
};

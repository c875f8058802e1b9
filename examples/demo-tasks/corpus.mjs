/** The corpus that the demo model learns from, and the questions that it is examined with. */
import { createRandom, pretrainingTasks, splits } from './tasks.mjs';

/**
 * Different questions of each task, and how often each is repeated: `add` and `number` have few, and
 * what is hard gets more. The rest of the questions of a task is never seen.
 */
const shares = {
  copy: { questions: 20000, repeats: 1 },
  reverse: { questions: 40000, repeats: 1 },
  sort: { questions: 35000, repeats: 1 },
  count: { questions: 25000, repeats: 1 },
  add: { questions: 9000, repeats: 5 },
  close: { questions: 15000, repeats: 1 },
  number: { questions: 2800, repeats: 4 },
  largest: { questions: 20000, repeats: 1 },
};

/** Questions of each task in the test set, and in the one that is looked at during training. */
const TEST = 200;
const VALIDATION = 50;

/**
 * No question is in two of the sets. Test and validation sets do not depend on the shares.
 *
 * @returns {{ train: Example[], validation: Record<string, Example[]>, test: Record<string, Example[]> }}
 */
export function pretrainingCorpus(seed) {
  const [train, validation, test] = [[], {}, {}];
  for (const [index, name] of Object.keys(pretrainingTasks).entries()) {
    const { questions, repeats } = shares[name];
    const sizes = [TEST, VALIDATION, questions];
    const sets = splits(name, { seed: seed * 1000 + index, sizes });
    [test[name], validation[name]] = sets;
    for (let i = 0; i < repeats; i++) train.push(...sets[2]);
  }
  return { train: shuffled(train, createRandom(seed)), validation, test };
}

/** Fisher and Yates. */
function shuffled(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/**
 * The design of the study: which runs there are. A run is a plain object, and its key (the JSON of it)
 * says whether it has been done.
 *
 * Everything that is compared has the same trainable parameters, the same examples in the same order,
 * and the same seed of its initial weights; only where the experts are differs.
 */

export const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** Learning rates that each policy is tried with on the validation split. */
export const rates = [1e-3, 3e-3, 1e-2];

/** Tried as well where the largest of them was the best. */
export const furtherRate = 3e-2;

/**
 * Seeds of the search for the rate, none of them of the comparison. The first one tries all; where it
 * gives the mixtures different rates, which may be its noise, the others try those rates again.
 */
export const searchSeeds = [101, 102, 103];

/** Policies by label: how `allocate` is asked, or `lora` for one expert of a larger rank. */
export const policies = {
  'single LoRA': { kind: 'lora' },
  uniform: { kind: 'experts', policy: 'uniform' },
  'mola triangle': { kind: 'experts', policy: 'mola', options: { shape: 'triangle' } },
  'mola inverted-triangle': {
    kind: 'experts',
    policy: 'mola',
    options: { shape: 'inverted-triangle' },
  },
  'mola hourglass': { kind: 'experts', policy: 'mola', options: { shape: 'hourglass' } },
  'mola diamond': { kind: 'experts', policy: 'mola', options: { shape: 'diamond' } },
  random: { kind: 'experts', policy: 'random' },
  'alphalora beta 1': { kind: 'experts', policy: 'alphalora', options: { beta: 1 } },
  'alphalora beta 2.5': { kind: 'experts', policy: 'alphalora', options: { beta: 2.5 } },
  'alphalora beta 4': { kind: 'experts', policy: 'alphalora', options: { beta: 4 } },
  'alphalora median': {
    kind: 'experts',
    policy: 'alphalora',
    options: { beta: 2.5 },
    aggregate: 'median',
  },
  /** The control: more experts to heavy tails. It must lose if the theory holds. */
  'inverse alphalora': { kind: 'experts', policy: 'inverse', options: { beta: 2.5 } },
};

/** The policy that the others are compared with. */
export const baseline = 'uniform';

/** The test of the theory: experts by alpha against experts against alpha. */
export const control = { policy: 'alphalora beta 2.5', against: 'inverse alphalora' };

/** What the question turns on; the other models are trained with these alone. */
const corePolicies = [
  ...['single LoRA', 'uniform', 'mola inverted-triangle', 'random'],
  ...['alphalora beta 2.5', 'inverse alphalora'],
];

/**
 * What is trained: a model, a task for it, and how much of it. Seeds and policies were cut to what
 * three hours on two cores can do.
 */
export const settings = [
  ...['descend', 'subtract', 'squeeze'].map((task) => ({
    model: 'demo-model',
    task,
    policies: Object.keys(policies),
    seeds,
    leaveOneInBlocks: 8,
    steps: 100,
    batchSize: 16,
    rank: 4,
    expertsPerBlock: 4,
    train: 800,
    test: 200,
  })),
  ...['stories260K', 'babyllama-tok361'].map((model) => ({
    model,
    task: 'shakespeare',
    policies: corePolicies,
    seeds: seeds.slice(0, 3),
    steps: 60,
    batchSize: 8,
    rank: 4,
    expertsPerBlock: 4,
    train: 480,
    test: 48,
  })),
];

/** Runs that choose the learning rate of each policy, by its loss on the validation split. */
export function searchRuns(chosen = settings) {
  return chosen.flatMap((setting) => searched(setting, searchSeeds[0], rates));
}

/** Runs of the search beyond the grid, where its largest rate was the best. */
export function largerRateRuns(runs, chosen = settings) {
  const rateOf = chooseRates(runs);
  return searchRuns(chosen)
    .filter((run) => run.rate === Math.max(...rates) && rateOf(run) >= run.rate)
    .map((run) => ({ ...run, rate: furtherRate }));
}

/** Runs of the search with more seeds, where one seed gives the mixtures different rates. */
export function repeatedSearchRuns(runs, chosen = settings) {
  const rateOf = chooseRates(runs.filter(({ seed }) => seed === searchSeeds[0]));
  return chosen.flatMap((setting) => {
    const mixtures = setting.policies.filter((policy) => policies[policy].kind === 'experts');
    const disputed = [...new Set(mixtures.map((policy) => rateOf({ ...setting, policy })))];
    if (disputed.length === 1) return [];
    return searchSeeds.slice(1).flatMap((seed) => searched(setting, seed, disputed));
  });
}

function searched({ model, task, policies: own }, seed, tried) {
  return own.flatMap((policy) =>
    tried.map((rate) => ({ part: 'search', model, task, policy, seed, rate })),
  );
}

/** The rate with the lowest mean loss on the validation split, by model, task and policy. */
export function chooseRates(runs) {
  const tried = runs.filter(
    ({ part, validationLoss }) => part === 'search' && validationLoss !== null,
  );
  return ({ model, task, policy }) => {
    const own = tried.filter(
      (run) => run.model === model && run.task === task && run.policy === policy,
    );
    const meanLoss = (rate) => {
      const losses = own.filter((run) => run.rate === rate).map((run) => run.validationLoss);
      return losses.reduce((total, loss) => total + loss, 0) / losses.length;
    };
    return [...new Set(own.map(({ rate }) => rate))].reduce((best, rate) =>
      meanLoss(rate) < meanLoss(best) ? rate : best,
    );
  };
}

/** Runs that compare the policies, each at its own rate. */
export function comparisonRuns(rateOf, chosen = settings) {
  return chosen.flatMap(({ model, task, seeds: own, policies: compared }) =>
    own.flatMap((seed) =>
      compared.map((policy) => ({
        part: 'compare',
        model,
        task,
        policy,
        seed,
        rate: rateOf({ model, task, policy }),
      })),
    ),
  );
}

/**
 * Runs that measure what an extra expert brings in each block: two experts everywhere, and two more in
 * one block only; `block` -1 has none more. All at the rate of the uniform policy.
 */
export function leaveOneInRuns(rateOf, chosen = settings) {
  return chosen
    .filter(({ leaveOneInBlocks }) => leaveOneInBlocks)
    .flatMap(({ model, task, seeds: own, leaveOneInBlocks }) =>
      own.flatMap((seed) =>
        [-1, ...Array(leaveOneInBlocks).keys()].map((block) => ({
          part: 'leave-one-in',
          model,
          task,
          block,
          seed,
          rate: rateOf({ model, task, policy: baseline }),
        })),
      ),
    );
}

export function settingOf({ model, task }) {
  return settings.find((setting) => setting.model === model && setting.task === task);
}

/** What identifies a run; a finished one is not done again. */
export function keyOf({ part, model, task, policy, block, seed, rate }) {
  return JSON.stringify([part, model, task, policy ?? block, seed, rate]);
}

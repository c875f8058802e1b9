/** The tasks by name, each loaded when it is first asked for. */
import { createRegistry, type Registry, type TrainingTask } from '@alphalora/contracts/extensions';

export const tasks: Registry<TrainingTask> = createRegistry<TrainingTask>(
  'task',
  {
    mrpc: async () => (await import('./glue.js')).mrpc,
    cola: async () => (await import('./glue.js')).cola,
    rte: async () => (await import('./glue.js')).rte,
    scienceqa: async () => (await import('./choices.js')).scienceqa,
    commonsenseqa: async () => (await import('./choices.js')).commonsenseqa,
    openbookqa: async () => (await import('./choices.js')).openbookqa,
    boolq: async () => (await import('./choices.js')).boolq,
    'arc-easy': async () => (await import('./choices.js')).arcEasy,
    'arc-challenge': async () => (await import('./choices.js')).arcChallenge,
    piqa: async () => (await import('./choices.js')).piqa,
    siqa: async () => (await import('./choices.js')).siqa,
    winogrande: async () => (await import('./choices.js')).winogrande,
    'scienceqa-text': async () => (await import('./choices.js')).scienceqaText,
    'commonsenseqa-text': async () => (await import('./choices.js')).commonsenseqaText,
    'openbookqa-text': async () => (await import('./choices.js')).openbookqaText,
    'arc-easy-text': async () => (await import('./choices.js')).arcEasyText,
    'arc-challenge-text': async () => (await import('./choices.js')).arcChallengeText,
    'piqa-text': async () => (await import('./choices.js')).piqaText,
    'siqa-text': async () => (await import('./choices.js')).siqaText,
    aqua: async () => (await import('./choices.js')).aqua,
    mathqa: async () => (await import('./choices.js')).mathqa,
    gsm8k: async () => (await import('./problems.js')).gsm8k,
    svamp: async () => (await import('./problems.js')).svamp,
    mawps: async () => (await import('./problems.js')).mawps,
    addsub: async () => (await import('./problems.js')).addsub,
    multiarith: async () => (await import('./problems.js')).multiarith,
    singleeq: async () => (await import('./problems.js')).singleeq,
    math: async () => (await import('./problems.js')).math,
    instructions: async () => (await import('./general.js')).instructions,
    chat: async () => (await import('./chat.js')).chat,
    completions: async () => (await import('./general.js')).completions,
    text: async () => (await import('./general.js')).text,
  },
  {
    // Any spelling of case, hyphens and underscores.
    spelling: (name) => name.toLowerCase().replace(/[-_]/g, ''),
  },
);

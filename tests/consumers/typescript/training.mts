/** A user's strict TypeScript that trains; see tsconfig.training.json. */
import type { Allocation } from '@alphalora/contracts';
import { linearRouter, type RouterFactory, routers } from '@alphalora/molora-tfjs';
import { fineTune } from '@alphalora/molora-tfjs/node';
import { tasks } from '@alphalora/molora-tfjs/tasks';
import type { StepReport } from '@alphalora/molora-tfjs/training';

/** A router of one's own. */
const all: RouterFactory = {
  name: 'all',
  create: () => linearRouter({ name: 'all', route: (logits) => logits.softmax() }),
};

export async function tune(allocation: Allocation): Promise<number | undefined> {
  routers.add(all.name, () => all);
  const { lastLoss } = await fineTune({
    ...{ model: 'model', data: 'data', output: 'adapter' },
    task: await tasks.load('boolq'),
    allocation,
    router: { name: all.name },
    training: { epochs: 1 },
    onStep: ({ step, steps }: StepReport) => console.log(step, steps),
  });
  return lastLoss;
}

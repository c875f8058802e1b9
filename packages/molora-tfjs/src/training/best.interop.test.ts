/** Which evaluation is the best and when a run ends, as in the Trainer of Transformers. */
import { seededRandom } from '@alphalora/contracts/numbers';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { bigramModel, randomSequences } from '../test-support/tiny-model.js';
import { bestWeights } from './best.js';
import { trainingSettings } from './settings.js';
import { train } from './train.js';

const program = `
import tempfile, torch
from transformers import Trainer, TrainingArguments, EarlyStoppingCallback
class Model(torch.nn.Module):
  def __init__(self):
    super().__init__()
    self.w = torch.nn.Parameter(torch.zeros(1))
  def forward(self, x=None, labels=None):
    return {'loss': (self.w - x.mean()).square().mean()}
def answer(case):
  losses = iter(case['losses'])
  class Scripted(Trainer):
    def evaluate(self, *args, **kwargs):
      metrics = {'eval_loss': next(losses)}
      self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
      return metrics
  with tempfile.TemporaryDirectory() as folder:
    arguments = TrainingArguments(folder, max_steps=len(case['losses']), eval_strategy='steps', eval_steps=1,
      save_strategy='steps', save_steps=1, save_total_limit=2, load_best_model_at_end=True, greater_is_better=False,
      metric_for_best_model='loss', per_device_train_batch_size=1, use_cpu=True, report_to=[], disable_tqdm=True)
    data = [{'x': torch.ones(1), 'labels': torch.ones(1)}] * 4
    stop = EarlyStoppingCallback(case['patience'], case['threshold'])
    trainer = Scripted(Model(), arguments, train_dataset=data, eval_dataset=data, callbacks=[stop])
    trainer.train()
    return {'step': trainer.state.global_step, 'best': trainer.state.best_global_step, 'loss': trainer.state.best_metric}
`;

interface Case {
  losses: number[];
  patience: number;
  threshold: number;
}

beforeAll(() => useBackend('cpu'));

const lacks = pythonLacks('transformers', 'accelerate');

describeUnless(lacks, 'the best weights, and Transformers', () => {
  const ask = startPython<Case, { step: number; best: number; loss: number }>(program);
  const random = seededRandom(5, 'losses');
  const wandering = (): number[] =>
    Array.from({ length: 12 }, (_, i) => 3 - Math.min(i, 5) / 4 + Math.floor(8 * random()) / 8);

  it.each<Case>([
    { losses: [3, 2, 1, 1, 1, 0.5], patience: 2, threshold: 0 },
    { losses: [3, 2.95, 2.9, 2.85, 2.8, 2.75], patience: 3, threshold: 0.06 },
    { losses: [1, 2, 1.5, 0.9, 2, 2, 2], patience: 3, threshold: 0 },
    ...[1, 2, 3, 2, 1, 3].map((patience, i) => ({
      ...{ losses: wandering(), patience, threshold: i % 2 === 0 ? 0 : 0.2 },
    })),
  ])('agree on %o', { timeout: 60_000 }, async ({ losses, patience, threshold }) => {
    const theirs = await ask({ losses, patience, threshold });
    const kept = bestWeights({ patience, minimumImprovement: threshold }, '');
    const model = bigramModel(5);
    const sequences = randomSequences(8, 5);
    const after: Float32Array[] = [];
    const { step } = await train({
      ...{ model, sequences, settings: trainingSettings({ steps: losses.length }, 8) },
      callbacks: [
        kept.callback,
        {
          name: 'weights',
          onStep: async () =>
            void after.push((await model.variables[0]!.data()).slice() as Float32Array),
        },
      ],
      evaluation: { every: 1, measure: async (at) => ({ loss: losses[at - 1]! }) },
    });
    model.dispose();
    const best = kept.best()!;
    expect({ step, best: best.step, loss: best.loss }).toEqual(theirs);
    expect(best.tensors['table']!.values).toEqual(after[best.step - 1]);
  });
});

/**
 * `molora.py` of the exporters, in PyTorch, against this package: the same base model, experts,
 * tokens and optimizer give the same losses for 8 steps, and what either saves the other reads.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@alphalora/contracts/numbers';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { repository, shared, sharedLacks } from '@alphalora/testing/repository';
import { beforeAll, expect, it } from 'vitest';
import type { AdaptedProjection, AdapterSpec, AdapterState } from '../adapters/adapter-spec.js';
import type { AdapterFiles } from '../adapters/files.js';
import { adapterFiles } from '../adapters/write.js';
import { type AdaptedModelOptions, adaptedModel } from '../decoder/adapted-model.js';
import type { Decoder } from '../decoder/decoder.js';
import { initialTensors } from '../experts/initial-tensors.js';
import { routerLosses } from '../experts/losses/index.js';
import { routers } from '../experts/routers/index.js';
import { loadModel } from '../node/load.js';
import { loadAdapter } from '../node/load-adapter.js';
import { useBackend } from '../test-support/backend.js';
import type { StepReport } from './callbacks.js';
import { evaluateLoss } from './evaluate-loss.js';
import type { TokenSequence } from './sequences.js';
import { trainingSettings } from './settings.js';
import { train } from './train.js';

const program = `
import warnings
warnings.filterwarnings('ignore')
import torch, molora
from transformers import AutoModelForCausalLM
torch.set_num_threads(1)
def adapted(case, folder, **options):
  model = AutoModelForCausalLM.from_pretrained(case['model'], dtype=torch.float32)
  molora.load(model, folder, **options)
  if case['task'] is not None: molora.set_task(model, case['task'])
  return model
def answer(case):
  loss = case['routerLoss']
  model = adapted(case, case['adapter'], router_loss=loss and (loss['name'], loss['coefficient']))
  model.train()
  if case['checkpointing']:
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={'use_reentrant': False})
  longest = max(len(row) for row in case['rows'])
  ids = torch.tensor([row + [0] * (longest - len(row)) for row in case['rows']])
  mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in case['rows']])
  batch = {'input_ids': ids, 'attention_mask': mask, 'labels': ids.masked_fill(mask == 0, -100)}
  optimizer = torch.optim.AdamW(molora.parameters(model), lr=case['rate'], weight_decay=0)
  losses = []
  for step in range(case['steps']):
    loss = model(**batch).loss
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(molora.parameters(model), 1.0)
    optimizer.step()
    losses.append(float(loss))
  molora.save(model, case['out'])
  again = adapted(case, case['out'])
  with torch.no_grad(): after, read = (float(m.eval()(**batch).loss) for m in (model, again))
  return {'losses': losses, 'after': after, 'read': read,
    'trainable': sum(p.numel() for p in molora.parameters(model))}
`;

interface Case {
  model: string;
  adapter: string;
  out: string;
  rows: number[][];
  steps: number;
  rate: number;
  checkpointing: boolean;
  task: number | null;
  routerLoss: AdaptedModelOptions['routerLoss'] | null;
}

interface Answer {
  losses: number[];
  after: number;
  read: number;
  trainable: number;
}

const folder = temporaryFolder('pytorch');
const model = shared('data/stories260K');
const steps = 8;
const rate = 2e-3;

it('know the routers and losses that there are here', () => {
  const source = readFileSync(join(repository, 'packages/exporters/python/molora.py'), 'utf8');
  const keys = (table: string) =>
    [
      ...source
        .split(`\n${table} = {`)[1]!
        .split('\n}')[0]!
        .matchAll(/"([\w-]+)":/g),
    ].map(([, name]) => name);
  expect(keys('ROUTERS').sort()).toEqual([...routers.names()].sort());
  expect(keys('LOSSES').sort()).toEqual([...routerLosses.names()].sort());
});

describeUnless(
  pythonLacks('torch', 'transformers', 'safetensors') ?? sharedLacks('data/stories260K'),
  'experts in PyTorch',
  () => {
    const ask = startPython<Case, Answer>(program, {
      env: { PYTHONPATH: join(repository, 'packages/exporters/python') },
    });
    beforeAll(() => useBackend('wasm'));

    it.each([
      { router: { name: 'top-k', options: {} }, loss: 'load-balance' },
      { router: { name: 'top-k', options: {} }, loss: 'pooled-load-balance' },
      { router: { name: 'top-k', options: {} }, loss: 'mutual-information', checkpointing: true },
      { router: { name: 'soft', options: {} }, loss: 'gate-balance' },
      { router: { name: 'entropy', options: { threshold: 0.97 } }, loss: 'entropy' },
      { router: { name: 'adaptive-shared', options: { shared: 1 } } },
      { router: { name: 'adaptive-shared', options: { shared: 1, tasks: 2 } }, task: 1 },
      { router: { name: 'mole', options: {} }, loss: 'gate-balance' },
      { router: { name: 'mole', options: { masked: [0] } } },
    ])('$router.name $router.options with $loss: as here', async (given) => {
      const { router, loss, checkpointing = false, task } = given;
      const { decoder, tokenizer } = await loadModel(model);
      const rows = texts.map((text) => [...tokenizer!.encode(text)]);
      const spec = specOf(decoder, router);
      const start = trained(spec);
      const own = write('start', adapterFiles(start));
      const out = join(folder, 'out');
      const routerLoss = loss === undefined ? undefined : { name: loss, coefficient: 0.1 };
      const sequences = rows.map(
        (row): TokenSequence => ({
          ids: Int32Array.from(row),
          weights: new Float32Array(row.length).fill(1, 1),
        }),
      );

      const adapted = adaptedModel(decoder, start, {
        ...(routerLoss && { routerLoss }),
        ...(task !== undefined && { task }),
      });
      const losses: number[] = [];
      await train({
        model: adapted.trainable,
        sequences,
        settings: trainingSettings(
          {
            steps,
            batchSize: rows.length,
            learningRate: rate,
            schedule: 'constant',
            warmupSteps: 0,
          },
          rows.length,
        ),
        callbacks: [{ name: 'losses', onStep: ({ loss }: StepReport) => void losses.push(loss) }],
      });
      const trainable = adapted.trainable.variables.reduce((sum, { size }) => sum + size, 0);
      const theirs = await ask({
        model,
        adapter: own,
        out,
        rows,
        steps,
        rate,
        checkpointing,
        task: task ?? null,
        routerLoss: routerLoss ?? null,
      });
      expect(theirs.trainable).toBe(trainable);
      for (const [step, own] of losses.entries()) {
        expect(theirs.losses[step]).toBeCloseTo(own, 5);
      }
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
      expect(theirs.read).toBe(theirs.after);

      // What PyTorch saved, read here.
      const { state } = await loadAdapter(out);
      expect(state.spec).toEqual(spec);
      adapted.dispose();
      const back = adaptedModel(decoder, state, { ...(task !== undefined && { task }) });
      const again = await evaluateLoss({
        model: back.trainable,
        sequences,
        batchSize: rows.length,
      });
      expect(again.loss).toBeCloseTo(theirs.after, 5);
      back.dispose();
      decoder.dispose();
    });
  },
);

const texts = [
  'Once upon a time there was a little dog named Max. He liked to play in the park.',
  'Lily saw a big red ball and she wanted it',
  'The end.',
];

/** Experts of several ranks; one, two and four of them by block. */
function specOf({ config }: Decoder, router: AdapterSpec['router']): AdapterSpec {
  const mole = router.name === 'mole';
  const projections = config.blocks.flatMap((own, block) =>
    own.projections.map(({ name, role, inputs, outputs }): AdaptedProjection => {
      const ranks = [[2, 3, 2, 4], [4, 4, 2], mole ? [3, 2] : [3]][block % 3]!;
      return {
        name,
        block,
        role,
        inputs,
        outputs,
        ranks,
        scalings: ranks.map((rank) => 8 / rank),
        topK: mole ? ranks.length : Math.min(2, ranks.length),
      };
    }),
  );
  return { projections, router, dropout: 0 };
}

/** Experts that answer something: with B zero every router would do. */
function trained(spec: AdapterSpec): AdapterState {
  const tensors = initialTensors(spec, 3);
  for (const [name, { values }] of Object.entries(tensors)) {
    if (!/lora_B|router\.task/.test(name)) continue;
    const random = seededRandom(5, name);
    for (let i = 0; i < values.length; i++) values[i] = 0.04 * (random() - 0.5);
  }
  return { spec, tensors };
}

function write(name: string, { weights, config }: AdapterFiles): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'adapter_model.safetensors'), Buffer.concat(weights));
  writeFileSync(join(path, 'adapter_config.json'), config);
  return path;
}

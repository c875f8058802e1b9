/**
 * From a checkpoint to an adapter on disk that does what it learnt: a model of children's stories
 * learns some Shakespeare.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { AdaptedProjection, AdapterSpec } from '../adapters/adapter-spec.js';
import { adapterFiles } from '../adapters/write.js';
import { type AdaptedModel, adaptedModel } from '../decoder/adapted-model.js';
import type { Decoder } from '../decoder/decoder.js';
import { dynamicRank } from '../experts/dynamic-rank.js';
import { initialTensors } from '../experts/initial-tensors.js';
import { useBackend } from '../test-support/backend.js';
import type { StepReport } from '../training/callbacks.js';
import { evaluateLoss } from '../training/evaluate-loss.js';
import { parseMetrics } from '../training/metrics.js';
import { encodeExamples, type TokenSequence } from '../training/sequences.js';
import { trainingSettings } from '../training/settings.js';
import { train } from '../training/train.js';
import {
  parseTrainingState,
  serializeTrainingState,
  type TrainingState,
} from '../training/training-state.js';
import { loadModel } from './load.js';
import { loadAdapter } from './load-adapter.js';
import { openRunFolder } from './run-folder.js';

const folder = temporaryFolder('tuning');
beforeAll(async () => {
  await useBackend(inject('backend'));
});

/** Speeches: who speaks, and what. */
async function dialogues(): Promise<Array<{ prompt: string; completion: string }>> {
  const text = await readFile(shared('data/tinyshakespeare/input.txt'), 'utf8');
  return text
    .slice(0, 120_000)
    .split('\n\n')
    .map((speech) => speech.split(':\n'))
    .filter(({ length }) => length === 2)
    .map(([speaker, words]) => ({ prompt: `${speaker}:\n`, completion: words! }));
}

/** One to three experts by block, all linear maps. */
function specOf({ config }: Decoder, rank: number): AdapterSpec {
  const projections = config.blocks.flatMap((own, block) =>
    own.projections.map(({ name, role, inputs, outputs }): AdaptedProjection => {
      const experts = 1 + (block % 3);
      return {
        name,
        block,
        role,
        inputs,
        outputs,
        ranks: new Array(experts).fill(rank),
        scalings: new Array(experts).fill(16 / rank),
        topK: Math.min(2, experts),
      };
    }),
  );
  return { projections, router: { name: 'top-k', options: {} }, dropout: 0.05 };
}

describeUnless(sharedLacks('data'), 'fine-tuning', () => {
  let decoder: Decoder;
  let [held, sequences]: TokenSequence[][] = [];
  beforeAll(async () => {
    const model = await loadModel(shared('data/stories260K'));
    decoder = model.decoder;
    const { encode, endToken } = model.tokenizer!;
    const { sequences: all } = encodeExamples(await dialogues(), {
      encode,
      endOfSequence: endToken!,
      maxLength: 96,
    });
    [held, sequences] = [all.slice(0, 40), all.slice(40)];
  });
  afterAll(() => decoder.dispose());

  it('lowers the loss, keeps its memory, resumes, and reloads', { timeout: 300_000 }, async () => {
    const spec = specOf(decoder, 4);
    const start = { spec, tensors: initialTensors(spec, 1) };
    const settings = trainingSettings({ steps: 60, learningRate: 1e-2 }, sequences!.length);
    const heldOut = async ({ trainable }: AdaptedModel): Promise<number> =>
      (await evaluateLoss({ model: trainable, sequences: held!, batchSize: 20 })).loss;

    const model = adaptedModel(decoder, start, { recompute: true });
    const before = await heldOut(model);
    const reports: StepReport[] = [];
    const states: TrainingState[] = [];
    const tensors = new Set<number>();
    const run = await openRunFolder(folder);
    await train({
      model: model.trainable,
      sequences: sequences!,
      settings,
      callbacks: [
        {
          name: 'metrics',
          onStep(report) {
            tensors.add(tf.memory().numTensors);
            reports.push(report);
            return run.record(report);
          },
        },
      ],
      checkpoints: {
        every: 55,
        async save(state) {
          states.push(state);
          await run.save(state, adapterFiles(await model.state()));
        },
      },
    });
    await run.close();
    const after = await heldOut(model);
    model.dispose();
    expect(after).toBeLessThan(before - 0.5);
    expect(tensors.size).toBe(1);
    const lines = parseMetrics(await readFile(join(folder, 'metrics.jsonl'), 'utf8'));
    expect(lines.map(({ loss }) => loss)).toEqual(reports.map(({ loss }) => loss));

    const resumed = adaptedModel(decoder, start, { recompute: true });
    const losses: number[] = [];
    await train({
      model: resumed.trainable,
      sequences: sequences!,
      settings,
      resume: states[0]!,
      callbacks: [{ name: 'losses', onStep: ({ loss }) => void losses.push(loss) }],
    });
    resumed.dispose();
    expect(losses).toEqual(reports.slice(55).map(({ loss }) => loss));

    const reloaded = adaptedModel(decoder, (await loadAdapter(folder)).state);
    expect(await heldOut(reloaded)).toBe(after);
    reloaded.dispose();
  });

  it('resumes with the ranks that have grown', { timeout: 300_000 }, async () => {
    const spec = specOf(decoder, 8);
    const settings = trainingSettings({ steps: 16, learningRate: 1e-2 }, sequences!.length);
    const trained = async (resume?: TrainingState) => {
      const growing = dynamicRank({ spec, initial: 2, target: 5, interval: 4, share: 0.5 });
      const { onGates, callback } = growing;
      const model = adaptedModel(decoder, { spec, tensors: initialTensors(spec, 1) }, { onGates });
      const [losses, states]: [number[], TrainingState[]] = [[], []];
      await train({
        model: model.trainable,
        sequences: sequences!,
        settings,
        ...(resume && { resume }),
        callbacks: [callback, { name: 'losses', onStep: ({ loss }) => void losses.push(loss) }],
        checkpoints: { every: 10, save: async (state) => void states.push(state) },
      });
      model.dispose();
      return { losses, states, ranks: growing.ranks() };
    };
    const straight = await trained();
    const bytes = Buffer.concat(serializeTrainingState(straight.states[0]!));
    const resumed = await trained(await parseTrainingState(Uint8Array.from(bytes), 'state'));
    expect(resumed.losses).toEqual(straight.losses.slice(10));
    expect(resumed.ranks).toEqual(straight.ranks);
    // Where there are three experts, some grew more than others; to five on average.
    const three = Object.values(straight.ranks).filter(({ length }) => length === 3);
    expect(three).not.toEqual([]);
    for (const ranks of three) expect(ranks[0]! + ranks[1]! + ranks[2]!).toBe(15);
    expect(new Set(three.flat()).size).toBeGreaterThan(1);
  });
});

/** The demo model is what its README and the files beside it say. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, openCheckpoint } from '../packages/checkpoint/src/node/index.js';
import { analyze, createReferenceEngine, estimators } from '../packages/htsr-core/src/index.js';
import { root } from './lib/workspace.js';

const folder = join(root, 'examples/demo-model');
const tasks = join(root, 'examples/demo-tasks');

const text = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
async function lines(name: string): Promise<Array<Record<string, unknown>>> {
  const content = await text(name);
  return content
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

interface Accuracy {
  seed: number;
  steps: number;
  parameters: number;
  exactMatch: Record<string, number>;
}

let checkpoint: Checkpoint;
let accuracy: Accuracy;
beforeAll(async () => {
  checkpoint = await openCheckpoint(folder);
  accuracy = JSON.parse(await text('accuracy.json'));
  return () => checkpoint.close();
});

describe('the demo model', () => {
  it('is small, in bfloat16, and says how it was made', async () => {
    expect((await stat(join(folder, 'model.safetensors'))).size).toBeLessThan(3e6);
    expect(new Set(checkpoint.tensors.map(({ dtype }) => dtype))).toEqual(new Set(['BF16']));
    const sizes = checkpoint.tensors.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(sizes.reduce((a, b) => a + b)).toBe(accuracy.parameters);
    const { seed, steps, recipe } = checkpoint.metadata;
    expect([Number(seed), Number(steps)]).toEqual([accuracy.seed, accuracy.steps]);
    expect(recipe).toMatch(/^[0-9a-f]{40}$/);
  });

  it('has the history of its training beside it, up to the last step', async () => {
    const curve = await lines('training.jsonl');
    expect(curve.at(-1)!['step']).toBe(accuracy.steps);
    expect(curve.at(-1)!['loss']).toBeLessThan((curve[0]!['loss'] as number) / 3);
    const alphas = await lines('alphas.jsonl');
    expect(alphas.length).toBeGreaterThanOrEqual(20);
    expect([alphas[0]!['step'], alphas.at(-1)!['step']]).toEqual([0, accuracy.steps]);
  });

  it('has the alphas that its history ends with', async () => {
    const analysis = await analyze(checkpoint.tensors, {
      engine: createReferenceEngine(),
      estimator: await estimators.load('fix-finger'),
      bootstrap: 0,
      metrics: [],
      model: { source: 'demo', blocks: checkpoint.blocks },
      tool: { name: 'test', version: '1' },
    });
    const last = (await lines('alphas.jsonl')).at(-1)!['blocks'] as number[];
    expect(analysis.blocks).toHaveLength(8);
    for (const [block, { alpha }] of analysis.blocks.entries())
      expect(Math.abs(alpha! - last[block]!), `block ${block}`).toBeLessThan(2e-4);
  });

  it('answers questions that it has not seen as often as its README says', async () => {
    // Programs in JavaScript, run as a reader would run them: with the build.
    const load = (name: string) => import(join(tasks, name));
    const { moloraNode } = await load('runtime.mjs');
    const { exactMatches } = await load('accuracy.mjs');
    const { pretrainingCorpus } = await load('corpus.mjs');
    const { decoder, tokenizer } = await moloraNode.loadModel(folder);
    const { train, test } = pretrainingCorpus(accuracy.seed);
    const seen = new Set(train.map(({ prompt }: { prompt: string }) => prompt));
    const sets = Object.entries(test as Record<string, Array<{ prompt: string }>>);
    for (const [name, examples] of sets)
      expect(
        examples.filter(({ prompt }) => seen.has(prompt)),
        name,
      ).toEqual([]);
    const again = await exactMatches(decoder, tokenizer, test);
    const readme = await text('README.md');
    for (const [name, share] of Object.entries(accuracy.exactMatch)) {
      // Processors round differently, which may tip an answer in two hundred.
      expect(Math.abs(again[name] - share), name).toBeLessThan(0.02);
      expect(readme).toMatch(new RegExp(`\\| ${name} .*\\| ${(100 * share).toFixed(1)} % \\|`));
    }
  }, 120_000);
});

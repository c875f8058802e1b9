/** The program of docs/calibrating.md, run by PyTorch, measures what this package does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scores } from '@alphalora/contracts';
import type { SpectralEngine } from '@alphalora/contracts/extensions';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython, startPython } from '@alphalora/testing/python';
import { repository, shared, sharedLacks } from '@alphalora/testing/repository';
import { beforeAll, expect, it } from 'vitest';
import { loadModel } from '../node/load.js';
import { type FrozenLinear, frozenShape } from '../ops/frozen-linear.js';
import { useBackend } from '../test-support/backend.js';
import { tokenBatch } from '../training/sequences.js';
import { type Calibrator, createCalibrator } from './calibrate.js';
import { calibrationMeasures } from './measures.js';
import { loraInput } from './observed.js';
import { scoreRows } from './summary.js';

const lacks =
  pythonLacks('numpy', 'torch', 'transformers') ?? sharedLacks('data/stories260K/config.json');
const page = readFileSync(join(repository, 'docs/calibrating.md'), 'utf8');
const [, program] = /```python\n([\s\S]*?)```/.exec(page)!;
const folder = temporaryFolder('calibrating');
const rank = 8;
const seed = 5;

/** Rows of unequal lengths, in two batches. */
const batches = [
  [20, 31],
  [25, 12, 18],
].map((lengths, i) =>
  tokenBatch(
    lengths.map((length, j) => ({
      ids: Int32Array.from({ length }, (_, t) =>
        t === 0 ? 1 : 3 + ((37 * t + 101 * i + 53 * j) % 400),
      ),
      weights: new Float32Array(length).fill(1),
    })),
  ),
);

beforeAll(() => useBackend('wasm'));

describeUnless(lacks, 'the program with PyTorch', () => {
  const svd = startPython<{ values: number[]; shape: number[] }, number[]>(`
import numpy
def answer(case):
  matrix = numpy.array(case['values']).reshape(case['shape'])
  return numpy.linalg.svd(matrix, compute_uv=False).tolist()
`);
  const engine: SpectralEngine = {
    name: 'numpy',
    async singularValues({ rows, columns, read }) {
      return Float64Array.from(await svd({ values: [...(await read())], shape: [rows, columns] }));
    },
  };

  it('writes the scores of this package', { timeout: 120_000 }, async () => {
    const model = shared('data/stories260K');
    const { decoder } = await loadModel(model);
    const measures = calibrationMeasures;
    const calibrator: Calibrator = await createCalibrator(decoder, {
      measures,
      rank,
      seed,
      engine,
    });
    const measured = [];
    for (const batch of batches) measured.push(await calibrator.measure(batch));
    const rows = scoreRows(calibrator.projections, measured, 'gradient');

    // The LoRA of `fisher` is random: theirs is to be ours.
    const loras: Record<string, number[]> = {};
    for (const { name, block } of calibrator.projections) {
      const [inputs] = frozenShape(decoder.blocks[block]!.projections[name] as FrozenLinear);
      const tensor = loraInput(name, [inputs, rank], seed);
      loras[name] = [...(await tensor.data())];
      tensor.dispose();
    }
    calibrator.dispose();
    decoder.dispose();

    const file = join(folder, 'scores.json');
    const input = {
      ...{ model, file, loras, seed, rank },
      batches: batches.map(({ ids, rows, length, lengths }) => {
        return { ids: [...ids], rows, length, lengths };
      }),
    };
    runPython(
      `${program}
import sys
from transformers import AutoModelForCausalLM
given = json.load(sys.stdin)
loras = given['loras']
globals()['_lora'] = lambda name, module, rank, seed: torch.tensor(loras[name]).reshape(-1, rank).T
def batch(b):
  ids = torch.tensor(b['ids']).reshape(b['rows'], b['length'])
  mask = torch.arange(b['length'])[None] < torch.tensor(b['lengths'])[:, None]
  return {'input_ids': ids, 'attention_mask': mask.long(), 'labels': ids.masked_fill(~mask, -100)}
model = AutoModelForCausalLM.from_pretrained(given['model'], dtype=torch.float32)
found = calibrate(model, [batch(b) for b in given['batches']], given['rank'], given['seed'])
write_scores(given['file'], found, source=given['model'], rank=given['rank'], seed=given['seed'])
`,
      { input: JSON.stringify(input) },
    );
    const theirs = JSON.parse(readFileSync(file, 'utf8')) as Scores;
    expect(theirs.scores.map(({ name }) => name).sort()).toEqual(
      rows.map(({ name }) => name).sort(),
    );
    const byName = new Map(theirs.scores.map((row) => [row.name, row]));
    for (const { name, block, role, score, measures } of rows) {
      const other = byName.get(name)!;
      expect(other).toMatchObject({ block, role });
      expect(Math.abs(score / other.score - 1), name).toBeLessThan(1e-5);
      for (const [measure, { mean, stderr }] of Object.entries(measures)) {
        const expected = other.measures[measure]!;
        expect(Math.abs(mean / expected.mean - 1), `${measure} of ${name}`).toBeLessThan(1e-5);
        // The difference of two numbers that are nearly equal.
        const error = Math.abs(stderr! - expected.stderr!) / expected.mean;
        expect(error, `error of the ${measure} of ${name}`).toBeLessThan(1e-5);
      }
    }
  });
});

/** The benchmarks of a paper from one folder. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../test-support/backend.js';
import { evaluateModel } from './evaluate-model.js';
import { evaluateSuite } from './evaluate-suite.js';

const root = temporaryFolder('suite');
const model = writeLanguageModel(join(root, 'model'), { positions: 600 });
const data = join(root, 'benchmarks');

const rte =
  'index\tsentence1\tsentence2\tlabel\n0\ta\tb\tentailment\n1\tc\td\tnot_entailment\n2\te\tf\tentailment\n';
const cola = 'x\t1\t\tA cat sat.\nx\t0\t*\tcat a sat.\n';
const problem = '{"question":"1?","answer":"#### 2"}\n';

beforeAll(async () => {
  await useBackend('cpu');
  // In the layouts of their authors, as folders of their names, and of GLUE.
  const files = {
    'glue-rte/dev.tsv': rte,
    'glue-cola/in_domain_dev.tsv': cola,
    'glue-cola/out_of_domain_dev.tsv': cola,
    'GSM8K/test.jsonl': problem,
    'squad/test.jsonl': problem,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(data, name)), { recursive: true });
    await writeFile(join(data, name), text);
  }
});

describe('evaluateSuite', () => {
  it('tells what is missing, and means the accuracies of what is there', async () => {
    const common = { model, cutoff: 600, maxTokens: 2, wording: 'mola' };
    const seen = new Set<string>();
    const found = await evaluateSuite({
      ...{ ...common, suite: 'alphalora', data },
      onProgress: (_, __, task) => seen.add(task),
    });
    expect(found.benchmarks.map(({ task }) => task)).toEqual(
      'rte mrpc cola scienceqa commonsenseqa openbookqa gsm8k svamp addsub multiarith'.split(' '),
    );
    const present = found.benchmarks.filter(({ evaluation }) => evaluation);
    expect(present.map(({ task }) => task)).toEqual(['rte', 'cola', 'gsm8k']);
    expect([...seen]).toEqual(['rte', 'cola', 'gsm8k']);
    expect(found.present).toBe(3);
    const alone = await Promise.all(
      ['glue-rte', 'glue-cola'].map((folder) =>
        evaluateModel({ ...common, task: folder.slice(5), data: join(data, folder) }),
      ),
    );
    expect(present.slice(0, 2).map(({ evaluation }) => evaluation)).toEqual(alone);
    const [first, second, third] = present.map(({ accuracy }) => accuracy!);
    expect([first, second]).toEqual(alone.map(({ value }) => value));
    expect(found.meanAccuracy).toBeCloseTo((first! + second! + third!) / 3, 12);
  });

  it('takes accuracy where the metric of a task is another', async () => {
    const { benchmarks } = await evaluateSuite({
      ...{ model, suite: 'alphalora', data, cutoff: 600, maxTokens: 2 },
    });
    const { evaluation, accuracy } = benchmarks[2]!;
    expect(evaluation!.metric).toBe('matthews');
    expect(accuracy).toBe(evaluation!.others!['accuracy']);
  });

  it('refuses an unknown suite, a folder without any, and a wording that a task does not have', async () => {
    await expect(evaluateSuite({ model, suite: 'all', data })).rejects.toThrow(/alphalora/);
    const none = { model, suite: 'alphalora', data: join(data, 'squad') };
    await expect(evaluateSuite(none)).rejects.toThrow(/none of the benchmarks.*rte, mrpc/);
    const unworded = { model, task: 'gsm8k', data: join(data, 'GSM8K'), wording: 'mola' };
    await expect(evaluateModel(unworded)).rejects.toThrow(/no wording mola.*: llm-adapters$/);
  });
});

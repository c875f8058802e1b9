/**
 * Saved spectra as numpy loads them beside those that it computes, and the means of the metrics beside
 * WeightWatcher's `get_summary()`, both on a real checkpoint.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analysis } from '@alphalora/contracts';
import { metricMeans } from '@alphalora/documents';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { programIn } from '@alphalora/testing/program';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { beforeAll, expect, it } from 'vitest';

const folder = temporaryFolder('weightwatcher');
const { alphalora } = programIn(folder);
const model = shared('data/babyllama-tok361');

/** Of each saved matrix: the largest relative error of its eigenvalues, and what numpy says of the file. */
const spectraProgram = `
import json, sys, numpy
from safetensors.numpy import load_file
folder, weights = sys.argv[1:]
tensors = load_file(weights + '/model.safetensors')
index = json.load(open(folder + '/spectra.json'))
answer = {}
for saved in index['spectra']:
    values = numpy.load(folder + '/' + saved['file'])
    own = numpy.sort(numpy.linalg.svd(tensors[saved['name']].astype('float64'), compute_uv=False) ** 2)
    answer[saved['name']] = {
        'error': float(numpy.max(numpy.abs(values - own)) / own[-1]),
        'dtype': values.dtype.str, 'count': values.size, 'rank': int(own.size), 'listed': saved['eigenvalues'],
    }
print(json.dumps(answer))
`;

/** The summary over the projections of blocks. */
const summaryProgram = `
import json, logging, os, sys, warnings
warnings.simplefilter('ignore')
logging.disable(logging.CRITICAL)
answers = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
import weightwatcher
from transformers import LlamaForCausalLM
watcher = weightwatcher.WeightWatcher(model=LlamaForCausalLM.from_pretrained(sys.argv[1]))
names = watcher.describe()
layers = [int(i) for i, name in zip(names.layer_id, names.longname) if '.layers.4.' in name]
watcher.analyze(layers=layers, mp_fit=True)
summary = {name: float(value) for name, value in watcher.get_summary().items()}
print(json.dumps([len(layers), summary]), file=answers)
`;

describeUnless(
  sharedLacks('data/babyllama-tok361') ??
    pythonLacks('numpy', 'safetensors', 'torch', 'transformers', 'weightwatcher'),
  'a real checkpoint',
  () => {
    const spectra = join(folder, 'spectra');
    let analysis: Analysis;

    beforeAll(async () => {
      const output = join(folder, 'analysis.json');
      const { code, stderr } = await alphalora(
        ...['analyze', model, '--include', '*.layers.4.*_proj.*'],
        ...['--estimator', 'ks', '--evals-threshold', '1e-5', '--draws', '0'],
        ...['--save-spectra', spectra, '-o', output],
      );
      expect(code, stderr).toBe(0);
      analysis = JSON.parse(readFileSync(output, 'utf8'));
    });

    it('has the eigenvalues that numpy computes, in files that it loads', () => {
      const answer = JSON.parse(runPython(spectraProgram, { args: [spectra, model] })) as Record<
        string,
        { error: number; dtype: string; count: number; rank: number; listed: number }
      >;
      expect(Object.keys(answer)).toHaveLength(7);
      for (const [name, { error, dtype, count, rank, listed }] of Object.entries(answer)) {
        expect(dtype).toBe('<f8');
        expect([count, listed], name).toEqual([rank, rank]);
        expect(error, name).toBeLessThan(1e-6);
      }
    });

    it('has the means of get_summary()', () => {
      const [layers, summary] = JSON.parse(
        runPython(summaryProgram, { args: [model], env: { OMP_NUM_THREADS: '1' } }),
      ) as [number, Record<string, number>];
      expect(layers).toBe(7);
      expect(Object.keys(summary)).toHaveLength(7);
      const means = metricMeans(analysis);
      expect(Object.keys(means).slice(0, 7)).toEqual(Object.keys(summary));
      for (const [name, value] of Object.entries(summary)) {
        expect(means[name]!.matrices, name).toBe(7);
        expect(means[name]!.mean / value, name).toBeCloseTo(1, 4);
      }
    }, 300_000);
  },
);

/**
 * A real model measured and selected from in one command, beside its singular values from numpy:
 * the signal-to-noise ratio of arXiv 2406.06623, and the highest quarter of each role.
 */
import type { Allocation } from '@alphalora/contracts';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { alphalora } from '../test-support/in-process.js';

const program = `
import numpy
from safetensors.numpy import load_file

def ratio(weight):
    s = numpy.linalg.svd(weight.astype('float64'), compute_uv=False)
    sigma = (numpy.quantile(s, .75) - numpy.quantile(s, .25)) / 1.349
    edge = sigma * (1 + numpy.sqrt(min(weight.shape) / max(weight.shape)))
    return float(s[s > edge].sum() / s[s <= edge].sum() / s.max())

def answer(question):
    file, share = question
    found = {name: ratio(weight) for name, weight in load_file(file).items()
             if '.layers.' in name and weight.ndim == 2}
    roles = {}
    for name in found: roles.setdefault(name.split('.', 3)[3], []).append(name)
    best = [sorted(names, key=lambda name: -found[name])[:int(share * len(names))]
            for names in roles.values()]
    return {'snr': found, 'selected': sorted(sum(best, []))}
`;

/**
 * What Spectrum's own code gave for block 0: `ModelModifier.calculate_snr_for_layer` of QuixiAI/spectrum
 * on the model in transformers 5.24, torch 2.6, float32.
 */
const published: Record<string, number> = {
  'mlp.down_proj': 6.559176921844482,
  'mlp.gate_proj': 1.4762754440307617,
  'mlp.up_proj': 2.031141519546509,
  'self_attn.k_proj': 0.408200740814209,
  'self_attn.o_proj': 0.6851611733436584,
  'self_attn.q_proj': 0.1406751275062561,
  'self_attn.v_proj': 4.629827499389648,
};

const lack = pythonLacks('numpy', 'safetensors') ?? sharedLacks('data/stories260K/config.json');

interface Answer {
  snr: Record<string, number>;
  selected: string[];
}

describeUnless(lack, 'a selection from stories260K', () => {
  const ask = startPython<unknown[], Answer>(program);
  const model = shared('data/stories260K');

  it.each([0.25, 0.4])(
    'has the ratios of numpy, and the highest at a share of %d',
    async (share) => {
      const argv = ['allocate', model, '--policy', 'spectrum', '--metrics', 'none'];
      const { code, stdout, stderr } = await alphalora(
        ...[...argv, '--draws', '0', '--no-cache', '--share', String(share), '--json'],
      );
      expect(code, stderr).toBe(0);
      const { projections = [], scoredBy, budget }: Allocation = JSON.parse(stdout);
      expect([scoredBy, budget.unit, budget.per]).toEqual(['snr', 'selection', 'projection']);
      const { snr, selected } = await ask([`${model}/model.safetensors`, share]);
      expect(projections.map(({ name }) => name).toSorted()).toEqual(Object.keys(snr).toSorted());
      for (const { name, score } of projections) expect(score! / snr[name]!).toBeCloseTo(1, 5);
      for (const [role, ratio] of Object.entries(published)) {
        const own = projections.find(({ name }) => name === `model.layers.0.${role}.weight`);
        expect(own!.score! / ratio).toBeCloseTo(1, 5);
      }
      const trained = projections.flatMap(({ name, value }) => (value === 1 ? [name] : []));
      expect(trained.toSorted()).toEqual(selected);
    },
    60_000,
  );
});

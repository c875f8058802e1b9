/** A real adapter reduced by one threshold, against numpy. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAdapter } from '@alphalora/checkpoint/node';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, startPython } from '@alphalora/testing/python';
import { shared, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { type CompressionTarget, compressAdapter } from './compress.js';
import { describeUpdates } from './describe.js';

const adapter = 'data/lora-gpt2-tigrinya';
const path = shared(adapter);
const root = temporaryFolder('compress');

/** Reads the files by itself; LAPACK decomposes. */
const program = `
import json, struct
import numpy as np
SCALE = 32 / 8
def load(folder):
    data = open(folder + '/adapter_model.safetensors', 'rb').read()
    size = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + size])
    def tensor(name):
        start, end = header[name]['data_offsets']
        return np.frombuffer(data[8 + size + start:8 + size + end], '<f4').reshape(header[name]['shape']).astype('f8')
    end = '.lora_A.weight'
    return {k[len('base_model.model.'):-len(end)]: (tensor(k), tensor(k[:-len(end)] + '.lora_B.weight'))
            for k in header if k.endswith(end)}

spectra = {}
def decomposed(module, a, b):
    if module not in spectra:
        (q, r), (p, t) = np.linalg.qr(b), np.linalg.qr(a.T)
        u, s, v = np.linalg.svd(SCALE * r @ t.T)
        spectra[module] = q @ u, s, v @ p.T, a.shape[1] + b.shape[0]
    return spectra[module]

def answer(question):
    source, folder, kind, amount = question
    original = {m: decomposed(m, a, b) for m, (a, b) in load(source).items()}
    values = sorted(((s, m, cost) for m, (_, spectrum, _, cost) in original.items() for s in spectrum), reverse=True)
    if kind == 'rank': kept = values[:int(amount * len(original))]
    if kind == 'parameters':
        sums = np.cumsum([c for _, _, c in values])
        kept = values[:int((sums <= amount * sums[-1]).sum())]
    if kind == 'energy':
        sums = np.cumsum([s ** 2 for s, _, _ in values])
        kept = values[:int(np.searchsorted(sums, amount * sums[-1])) + 1]
    ranks = {m: sum(1 for _, each, _ in kept if each == m) for m in original}
    written = load(folder)
    config = json.load(open(folder + '/adapter_config.json'))
    worst = 0
    for m, rank in ranks.items():
        if rank == 0: assert m not in written; continue
        u, s, v, _ = original[m]
        a, b = written[m]
        assert a.shape[0] == rank
        best = (u[:, :rank] * s[:rank]) @ v[:rank]
        worst = max(worst, float(np.linalg.norm(b @ a - best) / np.linalg.norm(best)))
    used = {m: float((s ** 2).sum() / s[0] ** 2) for m, (_, s, _, _) in original.items()}
    return {'ranks': ranks, 'worst': worst, 'threshold': float(kept[-1][0]), 'used': used,
            'targets': sorted(config['target_modules']) == sorted(written)}
`;

interface Answer {
  ranks: Record<string, number>;
  used: Record<string, number>;
  worst: number;
  threshold: number;
  targets: boolean;
}

describeUnless(sharedLacks(adapter) ?? pythonLacks('numpy'), 'numpy', () => {
  const ask = startPython<unknown[], Answer>(program);

  it.each<[keyof CompressionTarget, number]>([
    ['rank', 2],
    ['parameters', 0.25],
    ['energy', 0.9],
    ['rank', 8],
  ])('keeps the same by %s %d', async (kind, amount) => {
    const opened = await openAdapter(path);
    const compressed = await compressAdapter(opened, { [kind]: amount });
    await opened.close();
    const folder = join(root, `${kind}-${amount}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'adapter_model.safetensors'), Buffer.concat(compressed.weights));
    writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(compressed.config));
    const expected = await ask([path, folder, kind, amount]);
    const ranks = compressed.modules.map(({ module, rank }) => [module, rank]);
    expect(Object.fromEntries(ranks)).toEqual(expected.ranks);
    expect(compressed.threshold / expected.threshold).toBeCloseTo(1, 6);
    expect(expected).toMatchObject({ targets: true });
    expect(expected.worst).toBeLessThan(1e-6);

    // Its own reader finds the ranks that the configuration says, and one scale.
    const again = await openAdapter(folder);
    expect(new Set(again.updates.map(({ scale }) => scale))).toEqual(new Set([1]));
    const total = again.updates.reduce(
      (sum, { rank, inputs, outputs }) => sum + rank * (inputs + outputs),
      0,
    );
    expect(total).toBe(compressed.parameters);
    await again.close();
  });

  it('uses as many of the ranks', async () => {
    const opened = await openAdapter(path);
    const described = await describeUpdates(opened);
    await opened.close();
    const { used } = await ask([path, join(root, 'rank-8'), 'rank', 8]);
    for (const { module, usedRank } of described) {
      expect(Math.abs(usedRank / used[module]! - 1), module).toBeLessThan(1e-9);
    }
  });
});

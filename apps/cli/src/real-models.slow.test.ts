/** The built program on real checkpoints, against fits that were made elsewhere in float64. */
import type { AnalysedRow, Analysis } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless } from '@alphalora/testing/lacking';
import { programIn } from '@alphalora/testing/program';
import { shared, sharedJson, sharedLacks } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';

// The cache keeps spectra: each model is decomposed once, whatever is read from them.
const { alphalora } = programIn(temporaryFolder('real-models'));

async function analyze(model: string, ...options: string[]): Promise<AnalysedRow[]> {
  const args = ['analyze', shared(`data/${model}`), '--json', ...options];
  const { code, stdout, stderr } = await alphalora(...args);
  expect(code, stderr).toBe(0);
  const { matrices } = JSON.parse(stdout) as Analysis;
  return matrices.filter((row) => row.status === 'ok');
}

/** The reference has its hill fits from the upper half. */
const asInTheReference = (estimator: string): string[] => [
  ...['--estimator', estimator],
  ...(estimator === 'hill' ? ['--tail-share', '0.5'] : []),
];

const relative = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

interface Expected {
  checkpoints: Record<string, Record<string, { fits: Record<string, { alpha: number } | null> }>>;
}

describeUnless(sharedLacks('data'), 'real checkpoints', () => {
  const models = ['stories260K', 'babyllama-tok361', 'gpt2-small-attention'];
  const estimators = ['fix-finger', 'fix-finger-strict', 'hill', 'ks'];
  const cases = models.flatMap((model) => estimators.map((estimator) => [model, estimator]));

  it.each(cases)('%s, %s: every alpha', async (model, estimator) => {
    const { checkpoints } = sharedJson<Expected>('reference/expected-spectra.json');
    const expected = checkpoints[model!]!;
    const rows = await analyze(model!, ...asInTheReference(estimator!));
    expect(rows).toHaveLength(Object.keys(expected).length);
    for (const { name, alpha } of rows) {
      expect(relative(alpha, expected[name]!.fits[estimator!]!.alpha), name).toBeLessThan(1e-6);
    }
  });

  it('the parts of fused projections', async () => {
    const { matrices } = sharedJson<{
      matrices: Record<string, { alpha_mid: number; alpha_ks: number; spectral_norm_sq: number }>;
    }>('data/gpt2-small-attention/reference_spectra.json');
    const letters: Record<string, string> = { q_proj: 'q', k_proj: 'k', v_proj: 'v' };
    for (const [estimator, field] of [
      ['hill', 'alpha_mid'],
      ['ks', 'alpha_ks'],
    ] as const) {
      const options = ['--split-fused', ...asInTheReference(estimator)];
      const rows = await analyze('gpt2-small-attention', ...options);
      expect(rows).toHaveLength(48);
      for (const { name, block, role, alpha, metrics } of rows) {
        const expected = matrices[`${block}.${letters[role!] ?? 'o'}`]!;
        // The reference is printed with seven digits.
        expect(relative(alpha, expected[field]), name).toBeLessThan(1e-6);
        expect(relative(metrics['spectral_norm']!, expected.spectral_norm_sq), name).toBeLessThan(
          1e-6,
        );
      }
    }
  });
});

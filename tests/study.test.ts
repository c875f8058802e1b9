/** The study of allocation policies: its statistics, its design, and that its text is what its runs say. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from './lib/workspace.js';

const folder = join(root, 'benchmarks/study');
const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

interface Run {
  part: string;
  model: string;
  task: string;
  policy: string;
  seed: number;
  experts: number[];
  parameters: number;
}

async function committedRuns(): Promise<Run[]> {
  return (await read('runs.jsonl'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const { detectable, holm, meanWithInterval, permutationOfRanks, signFlipTest, spearman } =
  await import(join(folder, 'statistics.mjs'));
const { conclusion } = await import(join(folder, 'conclusion.mjs'));

describe('the statistics of the study', () => {
  const differences = [-1.2, 0.4, -2.3, -0.8, -1.9, 0.1, -0.6, -1.1];
  const alphas = [2.57, 1.74, 1.7, 1.76, 1.74, 1.7, 1.48, 1.57];
  const benefits = [3.1, 0.2, -0.4, 1.5, 0.9, 0.3, -1.2, 0.8];

  // Expected values: scipy 1.10.1 (stats.t.interval, spearmanr, and permutation_test over all
  // flips and all pairings, which the seeded draws here estimate).
  it('gives the interval by t of a mean', () => {
    const { mean, low, high, n } = meanWithInterval(differences);
    expect(mean).toBeCloseTo(-0.925, 12);
    expect(low).toBeCloseTo(-1.6908999854, 8);
    expect(high).toBeCloseTo(-0.1591000146, 8);
    expect(n).toBe(8);
  });

  it('estimates the p-value of paired differences', () => {
    expect(signFlipTest(differences)).toBeCloseTo(0.03125, 2);
    expect(signFlipTest([1, -1, 2, -2])).toBe(1);
  });

  it('correlates ranks, shared ones too, and estimates their p-value', () => {
    expect(spearman(alphas, benefits)).toBeCloseTo(0.7831893757, 9);
    expect(permutationOfRanks(alphas, benefits)).toBeCloseTo(0.0265873, 2);
  });

  it('says what difference would be found with a probability of 80 %', () => {
    // t.interval's half width 0.7658999854; (t.ppf(0.975, 7) + t.ppf(0.8, 7)) / t.ppf(0.975, 7).
    const interval = { low: -1.6908999854, high: -0.1591000146, n: 8 };
    expect(detectable(interval)).toBeCloseTo(1.0561233015, 8);
  });

  it('corrects p-values by Holm, in their own order', () => {
    // By hand: 4 x 0.005, 3 x 0.01, then 2 x 0.03 for both of the larger ones.
    const corrected: number[] = holm([0.01, 0.04, 0.03, 0.005]);
    for (const [i, p] of [0.03, 0.06, 0.06, 0.02].entries())
      expect(corrected[i]).toBeCloseTo(p, 12);
  });
});

describe('the conclusion of the study', () => {
  const row = { mean: -5, low: -8, high: -2, n: 24, p: 0.001 };
  const summary = {
    pooled: [
      { ...row, policy: 'a', pHolm: 0.002 },
      { ...row, policy: 'b', p: 0.04, pHolm: 0.06 },
    ],
    controls: [
      { ...row, policy: 'by alpha', against: 'against alpha', of: 'the model', pHolm: 0.002 },
    ],
    leaveOneIn: [{ model: 'm', task: 'all tasks', blocks: Array(8), spearman: 0.9, p: 0.003 }],
  };

  it('names what differs after the correction, and what does not', () => {
    const [policies, control, alpha, power] = conclusion(summary);
    expect(policies).toMatch(/^a differs measurably from uniform/);
    expect(control).toMatch(
      /by -5.0 %, 95 % interval -8.0 to -2.0, p = 0.001 .*: the control loses/,
    );
    expect(alpha).toMatch(/ is related to the block's alpha/);
    // 3 / 2.0687 x (2.0687 + 0.8575), the quantiles by t with 23 degrees of freedom (scipy).
    expect(power).toMatch(/must be 4 to 4 %/);
    const [none, level, won, unrelated] = conclusion({
      pooled: summary.pooled.map((its) => ({ ...its, pHolm: 0.06 })),
      controls: [
        { ...summary.controls[0], pHolm: 0.06 },
        { ...summary.controls[0], mean: 5 },
      ],
      leaveOneIn: [{ ...summary.leaveOneIn[0], p: 0.06 }],
    });
    expect(none).toMatch(/^No policy differs measurably/);
    expect(level).toMatch(/does not lose measurably/);
    expect(won).toMatch(/the control wins/);
    expect(unrelated).toMatch(/is not measurably related/);
  });
});

describe('the runs of the study', () => {
  it('are of the design, each once, with all policies for a seed', async () => {
    const design = await import(join(folder, 'design.mjs'));
    const { chooseRates, comparisonRuns, keyOf, leaveOneInRuns, settingOf } = design;
    const runs = await committedRuns();
    const rateOf = chooseRates(runs);
    const planned = new Set([
      ...design.searchRuns().map(keyOf),
      ...design.largerRateRuns(runs).map(keyOf),
      ...design.repeatedSearchRuns(runs).map(keyOf),
      ...[...comparisonRuns(rateOf), ...leaveOneInRuns(rateOf)].map(keyOf),
    ]);
    const keys = runs.map(keyOf);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.filter((key) => !planned.has(key))).toEqual([]);
    const search = [...planned].filter((key) => String(key).startsWith('["search"'));
    expect(search.filter((key) => !keys.includes(key))).toEqual([]);
    const compared = runs.filter(({ part }) => part === 'compare');
    for (const { model, task, seed } of compared) {
      const same = compared.filter(
        (run) => run.model === model && run.task === task && run.seed === seed,
      );
      expect(same, `${model}, ${task}, ${seed}`).toHaveLength(
        settingOf({ model, task }).policies.length,
      );
    }
  });

  it('compare policies with as many experts, and parameters within two per cent', async () => {
    const compared = (await committedRuns()).filter(({ part }) => part === 'compare');
    for (const { model, policy, experts, parameters } of compared) {
      const uniform = compared.find((run) => run.model === model && run.policy === 'uniform')!;
      const total = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
      if (policy !== 'single LoRA') expect(total(experts), policy).toBe(total(uniform.experts));
      expect(parameters / uniform.parameters, policy).toBeGreaterThan(0.98);
      expect(parameters / uniform.parameters, policy).toBeLessThan(1.02);
    }
  });

  it('say what the README says', async () => {
    const out = await mkdtemp(join(tmpdir(), 'study-'));
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [
        join(folder, 'summary.mjs'),
        ...['--page', join(out, 'study.html'), '--json', join(out, 'summary.json')],
      ]);
      const cells = (line: string) => line.split('|').map((cell) => cell.trim());
      const readme = (await read('README.md')).split('\n').map((line) => cells(line).join('|'));
      const rows = stdout.split('\n').filter((line) => /^\||^- /.test(line) && !/^\| -/.test(line));
      expect(rows.length).toBeGreaterThan(50);
      for (const row of rows) expect(readme, row).toContain(cells(row).join('|'));

      // The committed page and summary are of these runs.
      const summary = JSON.parse(await readFile(join(out, 'summary.json'), 'utf8'));
      const page = await read('study.html');
      for (const sentence of conclusion(summary)) expect(page).toContain(`<li>${sentence}</li>`);
      const committed = JSON.parse(await read('summary.json'));
      expect(committed.runs).toBe(summary.runs);
      expect(conclusion(committed)).toEqual(conclusion(summary));

      // The sentences of the first page.
      const { pooled, controls, leaveOneIn } = summary;
      const first = (await readFile(join(root, 'README.md'), 'utf8')).replaceAll('\n', ' ');
      const byAlpha = pooled.find((row: { policy: string }) => row.policy === 'alphalora beta 2.5');
      const text = ({ mean, low, high }: Record<string, number>, name = '') =>
        `${mean!.toFixed(1)} % (${name}${low!.toFixed(1)} to ${high!.toFixed(1)})`;
      expect(first).toContain(`differed by ${text(byAlpha, '95 % interval ')} from uniform`);
      expect(first).toContain(`${text(controls[0])} from its own inverse`);
      const found = pooled.map((row: object) => Math.round(detectable(row)));
      expect(first).toContain(
        `a difference of ${Math.min(...found)} to ${Math.max(...found)} % with a probability of 80 %`,
      );
      expect(first).toContain(`(Spearman ${leaveOneIn.at(-1).spearman.toFixed(2)})`);
    } finally {
      await rm(out, { recursive: true });
    }
  }, 60_000);
});

/**
 * Documents with faults in them: never an untyped error, and what is accepted once is accepted by every
 * later command.
 */
import { type Allocation, type Analysis, isAlphaLoraError } from '@alphalora/contracts';
import { parseAllocation, parseAnalysis } from '@alphalora/documents';
import { analysisOf, failedRow, measuredRow, skippedRow } from '@alphalora/documents/testing';
import { adapterSpec } from '@alphalora/molora-tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alphalora, parameters, runs, temporaryPlace } from './test-support/fuzzing.js';
import { mutatedJson } from './test-support/mutations.js';

const { file, write } = temporaryPlace();

/** What a sound document may lack for one use or another; everything else is a contradiction. */
const lacks = [
  /join all parts with alphalora merge first/,
  /has no alpha|have no alpha|the analysis has no blocks|a fit that says anything/,
  /needs the names of the projections|is a part of a stored tensor|has a rank above 0/,
  /belong to different models|give the allocation that was made from this analysis/,
  /is no part: it was written without --shard|missing: shard|are both shard|differ in|holds? [^ ]/,
  /needs the (shapes|variance|role) of every layer/,
];

/** Of a document that was accepted: done, or refused for what it lacks or what was asked. */
async function accepts(...args: string[]): ReturnType<typeof alphalora> {
  const outcome = await alphalora(...args);
  if (outcome.code === 1) {
    const { stderr } = outcome;
    if (!lacks.some((lack) => lack.test(stderr))) throw new Error(`${args.join(' ')}: ${stderr}`);
  }
  return outcome;
}

const eigenvalues = {
  range: [0.1, 9],
  counts: [3, 0, 4, 1],
  cuts: { tail: [2, 4], alpha: [3, 2.5] },
};
const analysis: Analysis = analysisOf(
  [
    ...[0, 1, 2].flatMap((block) =>
      ['q_proj', 'up_proj'].map((role, i) =>
        measuredRow(`model.layers.${block}.${role}.weight`, 2 + block + i / 2, {
          shape: [8, 16],
          interval: [1.5, 6],
          draws: [2, 2.5, 3 + block],
          precision: 'f32',
          ...(i === 0 && { lambda: 0.1, fingers: 1, warning: 'over-trained' as const }),
          spectrum: eigenvalues as never,
          metrics: { norm: 12, spectral_norm: 9, matrix_rank: 8, log_norm: -0.5, stable_rank: 1.5 },
        }),
      ),
    ),
    failedRow('model.layers.2.v_proj.weight'),
    skippedRow('model.norm.weight', { kind: 'norm' }),
  ],
  [0, 1, 2].map((index) => ({
    index,
    alpha: 2.25 + index,
    matrices: 2,
    spread: 0.25,
    range: [2 + index, 2.5 + index] as [number, number],
    interval: [1.5, 6] as [number, number],
  })),
  { seed: 3, include: ['a', 'b'], farms: undefined, bootstrap: 3 },
);
const analysisFile = write('analysis.json', JSON.stringify(analysis));

const isFine = (parse: () => unknown): boolean => {
  try {
    parse();
    return true;
  } catch (error) {
    if (isAlphaLoraError(error, 'INVALID_DOCUMENT') || error instanceof SyntaxError) return false;
    throw error;
  }
};

describe('fuzzing documents', () => {
  it('analyses', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(mutatedJson(analysis), async (text) => {
        const path = write('a.json', text);
        if (!isFine(() => parseAnalysis(JSON.parse(text)))) {
          expect((await alphalora('export', path, '--to', 'csv')).code).toBe(1);
          return;
        }
        accepted++;
        await accepts('export', path, '--to', 'csv');
        await accepts('report', path, '-o', file('r.html'));
        await accepts('compare', path, analysisFile);
        await accepts('compare', path, path, '--json');
        await accepts('merge', path);
        await accepts('compare', path, '--policies', 'alphalora,uniform,mola');
        for (const unit of ['experts', 'rank', 'bits', 'sparsity', 'learning-rate']) {
          for (const per of ['block', 'projection']) {
            const average = unit === 'learning-rate' ? [] : ['--average', '0.5'];
            const most = ['experts', 'rank'].includes(unit) ? ['--total', '60'] : average;
            const made = await accepts(
              ...['allocate', path, '--unit', unit, '--per', per, ...most, '--json'],
            );
            if (made.code === 0) parseAllocation(JSON.parse(made.stdout));
          }
        }
      }),
      parameters,
    );
    expect(accepted).toBeGreaterThan(runs / 20);
  });

  it('allocations', async () => {
    const asked = [
      ['--total', '12'],
      ['--per', 'projection', '--total', '30'],
      ['--unit', 'rank', '--per', 'projection', '--total', '30'],
      ['--unit', 'sparsity', '--average', '0.5'],
      ['--unit', 'learning-rate'],
    ];
    const seeds: Allocation[] = [];
    for (const more of asked) {
      seeds.push(JSON.parse((await alphalora('allocate', analysisFile, '--json', ...more)).stdout));
    }
    const seedFiles = seeds.map((seed, i) => write(`l${i}.json`, JSON.stringify(seed)));
    const weights = analysis.matrices.map((row) => ({ ...row, kind: row.kind ?? 'projection' }));
    let accepted = 0;
    const mutated = fc
      .nat(seeds.length - 1)
      .chain((which) => fc.tuple(fc.constant(which), mutatedJson(seeds[which])));
    await fc.assert(
      fc.asyncProperty(mutated, async ([which, text]) => {
        const path = write('l.json', text);
        if (!isFine(() => parseAllocation(JSON.parse(text)))) {
          expect((await alphalora('export', path, '--to', 'csv')).code).toBe(1);
          return;
        }
        accepted++;
        for (const format of ['csv', 'mola', 'guilomo', 'peft', 'axolotl', 'llama-factory']) {
          const folder = ['guilomo', 'peft'].includes(format) ? ['-o', `${file('out')}/`] : [];
          await accepts('export', path, '--to', format, ...folder);
        }
        await accepts('report', analysisFile, path, '-o', file('r.html'));
        await accepts('compare', path, path);
        await accepts('compare', path, seedFiles[which]!, '--json');
        try {
          const allocation = JSON.parse(text) as Allocation;
          const router = { name: 'top-k', options: {} };
          adapterSpec({ allocation, weights: weights as never, alpha: 16, dropout: 0, router });
        } catch (error) {
          if (!isAlphaLoraError(error)) throw error;
        }
      }),
      parameters,
    );
    expect(accepted).toBeGreaterThan(runs / 20);
  });

  it('metrics of a training run', async () => {
    const step = { step: 1, epoch: 0.5, loss: 2, learningRate: 1e-4, tokensPerSecond: 9 };
    const steps = [step, { ...step, step: 2, evaluation: { loss: 2.5 } }];
    await fc.assert(
      fc.asyncProperty(fc.tuple(...steps.map(mutatedJson)), async (lines) => {
        const path = write('metrics.jsonl', `${lines.join('\n')}\n`);
        await alphalora('report', analysisFile, '--metrics', path, '-o', file('r.html'));
      }),
      parameters,
    );
  });

  it('scores', async () => {
    const forms = [
      [1, 2, 3],
      { scores: [0, 1, 2].map((block) => ({ block, score: block + 1 })) },
      [0, 1, 2].map((block) => ({ name: `model.layers.${block}.q_proj.weight`, score: 1 })),
    ];
    await fc.assert(
      fc.asyncProperty(fc.oneof(...forms.map(mutatedJson)), fc.boolean(), async (text, isCsv) => {
        const csv = `block,score\n${text.replaceAll(/[[\]{}"]/g, '').replaceAll(',', '\n0,')}`;
        const path = isCsv ? write('scores.csv', csv) : write('scores.json', text);
        for (const more of [[], ['--per', 'projection', '--total', '40'], ['--unit', 'sparsity']]) {
          const analyses = more.length > 0 ? [analysisFile] : [];
          const made = await alphalora(
            'allocate',
            ...analyses,
            '--scores',
            path,
            '--json',
            ...more,
          );
          if (made.code === 0) parseAllocation(JSON.parse(made.stdout));
        }
      }),
      parameters,
    );
  });
});

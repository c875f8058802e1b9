/** Answers of workers, right and mutated: what is accepted makes a document that every command takes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerCheck, type WorkerAnswer } from '@alphalora/cluster';
import type { Analysis } from '@alphalora/contracts';
import { seededRandom } from '@alphalora/contracts/numbers';
import {
  analyzeWith,
  createReferenceEngine,
  defaultMetrics,
  fixFinger,
  measureUnit,
  type SpectralUnit,
  spectralUnits,
  weightFromValues,
} from '@alphalora/htsr-core';
import { temporaryFolder } from '@alphalora/testing/folders';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from '../command-line.js';
import { readDocument } from '../files/documents.js';

const root = temporaryFolder('answer');

const random = seededRandom(3, 'answer');
const weights = [0, 1].map((block) =>
  weightFromValues({
    name: `model.layers.${block}.self_attn.q_proj.weight`,
    shape: [12, 20],
    block,
    role: 'q_proj',
    values: Float64Array.from({ length: 240 }, () => random() - 0.5),
  }),
);
const [unit] = weights.flatMap(spectralUnits) as [SpectralUnit];
const options = { bootstrap: 50, metrics: defaultMetrics() };
const measuring = { ...options, engine: createReferenceEngine(), estimator: fixFinger };
const check: ReturnType<typeof answerCheck> = answerCheck(options);
const measurement = JSON.parse(JSON.stringify(await measureUnit(unit, measuring)));
const answer: WorkerAnswer = { matrix: unit.name, measurement, digest: 'ab'.repeat(32), found: 0 };

/** The answer with what lies at a path replaced, or without it. */
function withAt(path: readonly (string | number)[], value?: unknown): unknown {
  const copy = structuredClone(answer) as unknown as Record<string, unknown>;
  let at = copy;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>;
  if (value === undefined) delete at[path.at(-1)!];
  else at[path.at(-1)!] = value;
  return copy;
}

describe('the answer of a worker', () => {
  it('may be a fit that says nothing', () => {
    const { interval: _, draws: __, warning: ___, ...rest } = measurement;
    const weak = { ...rest, weak: 'eigenvalues almost equal', thin: '3 eigenvalues' };
    expect(() => check(unit, { ...answer, measurement: weak })).not.toThrow();
  });

  it('is taken as it comes', () => {
    const before = JSON.stringify(answer);
    check(unit, answer);
    expect(JSON.stringify(answer)).toBe(before);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'x'],
    ['an alpha below zero', withAt(['measurement', 'alpha'], -5)],
    ['an alpha whose square overflows', withAt(['measurement', 'alpha'], 1e200)],
    ['no alpha', withAt(['measurement', 'alpha'])],
    ['another name', withAt(['measurement', 'name'], 'model.layers.9.self_attn.q_proj.weight')],
    ['another shape', withAt(['measurement', 'shape'], [1, 1])],
    ['another type', withAt(['measurement', 'dtype'], 'I8')],
    ['another block', withAt(['measurement', 'block'], 7)],
    ['another status', withAt(['measurement', 'status'], 'skipped')],
    ['another matrix', withAt(['matrix'], 'model.layers.1.self_attn.q_proj.weight')],
    ['no matrix', withAt(['matrix'])],
    ['a digest that is none', withAt(['digest'], 'short')],
    ['no digest', withAt(['digest'])],
    ['found below zero', withAt(['found'], -1)],
    ['more found than there is', withAt(['found'], 1e30)],
    ['a property too many', withAt(['run'], 'rm')],
    ['a metric that is no number', withAt(['measurement', 'metrics', 'stable_rank'], null)],
    ['a metric that nobody asked for', withAt(['measurement', 'metrics', 'beauty'], 1)],
    ['a tail of more than all', withAt(['measurement', 'tail'], 13)],
    ['a tail of none', withAt(['measurement', 'tail'], 0)],
    ['a distance over one', withAt(['measurement', 'ks'], 1.5)],
    ['too many draws', withAt(['measurement', 'draws'], Array(51).fill(2))],
    ['another interval', withAt(['measurement', 'interval'], [1, 2])],
    ['the wrong warning', withAt(['measurement', 'warning'], 'spurious')],
    ['no spectrum', withAt(['measurement', 'spectrum'])],
    ['cuts without alphas', withAt(['measurement', 'spectrum', 'cuts', 'alpha'], [])],
  ])('is refused: %s', (_, value) => {
    expect(() => check(unit, value)).toThrow(/^not a measurement of this matrix: ./);
  });
});

/** Every place in a value. */
function paths(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, each]) => paths(each, [...path, key]));
  return [...(path.length > 0 ? [path] : []), ...inner];
}

const strange = fc.oneof(
  fc.constantFrom<unknown>(
    ...[-5, 0, -0, 1e-300, 1e300, 1.5, 'OVERFLOW', null, '', 'x', true, [], {}, [1, 2], [2, 1]],
  ),
  fc.double(),
  fc.jsonValue(),
);

const text = (): { write(text: string): void; all: string } => ({
  all: '',
  write(more) {
    this.all += more;
  },
});

async function command(...args: string[]): Promise<{ code: number; stderr: string }> {
  const [stdout, stderr] = [text(), text()];
  const { signal } = new AbortController();
  return { code: await runCommandLine(args, { stdout, stderr, signal }), stderr: stderr.all };
}

it('makes a document that every later command takes, if it is accepted, after any change', async () => {
  const places = paths(answer).filter((path) => !path.includes('draws') || path.length < 4);
  const changes = fc.array(
    fc.tuple(fc.constantFrom(...places, ['measurement', 'extra']), fc.option(strange)),
    { minLength: 1, maxLength: 3 },
  );
  const seen = { accepted: 0, refused: 0 };
  const accepted: WorkerAnswer[] = [];
  fc.assert(
    fc.property(changes, (list) => {
      let mutated = JSON.stringify(answer);
      for (const [path, value] of list) {
        const copy = JSON.parse(mutated);
        const parent = path.slice(0, -1).reduce((at, step) => at?.[step], copy);
        if (typeof parent !== 'object' || parent === null) continue;
        if (value === null) delete parent[path.at(-1)!];
        else parent[path.at(-1)!] = value;
        mutated = JSON.stringify(copy);
      }
      // As it comes from the server, where numbers may be written that overflow.
      const arrived = JSON.parse(mutated.replaceAll('"OVERFLOW"', '1e999'));
      try {
        check(unit, arrived);
        seen.accepted++;
        if (mutated !== JSON.stringify(answer)) accepted.push(arrived);
      } catch (error) {
        seen.refused++;
        expect(error).toMatchObject({ code: 'ENGINE_FAILED' });
      }
    }),
    { seed: 1, numRuns: 2000 },
  );
  expect(seen.refused).toBeGreaterThan(500);
  expect(accepted.length).toBeGreaterThan(20);

  const own = await measureUnit(weights.flatMap(spectralUnits)[1]!, measuring);
  const file = join(root, 'analysis.json');
  for (const [i, { measurement: strangeOne, digest }] of accepted.entries()) {
    const analysis: Analysis = await analyzeWith(weights, {
      measure: async ({ name }) =>
        name === unit.name ? structuredClone(strangeOne) : structuredClone(own),
      tool: { name: 'alphalora', version: '1' },
      model: { source: 'memory', blocks: 2 },
      record: { ...options, estimator: 'fix-finger', engine: 'ml-matrix' } as never,
    });
    const matrices = analysis.matrices.map((row) => ({ ...row, digest }));
    const [{ name, shape, block }] = matrices as [(typeof matrices)[0]];
    expect([name, shape, block]).toEqual([unit.name, [12, 20], 0]);
    writeFileSync(file, JSON.stringify({ ...analysis, matrices }));
    const shown = JSON.stringify(strangeOne);
    await expect(
      readDocument(file, 'analysis', { signal: new AbortController().signal }),
      shown,
    ).resolves.toBeDefined();
    // The costly ones for some, so that all kinds of changes come by.
    if (i % 12 > 0) continue;
    for (const args of [
      ['report', file, '-o', join(root, 'page.html')],
      ['allocate', file, '--json'],
      ['allocate', file, '--json', '--unit', 'rank', '--per', 'projection'],
      ['export', file, '--to', 'csv'],
      ['compare', file, file, '--json'],
    ]) {
      const { code, stderr } = await command(...args);
      expect(code, `${args[0]}: ${stderr}${shown}`).toBe(0);
    }
  }
});

/** Fits that say nothing, from the weights to the words: the built program on small models. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import type { Allocation, Analysis } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { describe, expect, it } from 'vitest';

const root = temporaryFolder('weak');
const { alphalora } = programIn(root);

const SIDE = 24;

/** Seeded numbers in [-1, 1). */
function noise(seed: number): number[] {
  let state = seed;
  return Array.from({ length: SIDE * SIDE }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** The discrete cosine transform, which is orthogonal: all singular values are 1. */
const orthogonal = Array.from({ length: SIDE * SIDE }, (_, at) => {
  const [k, j] = [Math.floor(at / SIDE), at % SIDE];
  return Math.sqrt((k === 0 ? 1 : 2) / SIDE) * Math.cos((Math.PI * (2 * j + 1) * k) / (2 * SIDE));
});

const role = { q: 'self_attn.q_proj', v: 'self_attn.v_proj', up: 'mlp.up_proj' };
const nameOf = (block: number, key: keyof typeof role): string =>
  `model.layers.${block}.${role[key]}.weight`;

/** Four blocks of three projections; the named ones have the given values. */
function modelWith(folder: string, given: Readonly<Record<string, readonly number[]>>): string {
  const path = join(root, folder);
  mkdirSync(path);
  const names = [0, 1, 2, 3].flatMap((block) =>
    (['q', 'v', 'up'] as const).map((key) => nameOf(block, key)),
  );
  const tensors = names.map((name, i) => ({
    name,
    shape: [SIDE, SIDE],
    dtype: 'F32' as const,
    bytes: encodeValues(Float32Array.from(given[name] ?? noise(i + 1)), 'F32'),
  }));
  writeFileSync(join(path, 'model.safetensors'), Buffer.concat(serializeSafetensors({ tensors })));
  writeFileSync(join(path, 'config.json'), '{"model_type":"llama"}');
  return path;
}

const read = <Document>(path: string): Document => JSON.parse(readFileSync(path, 'utf8'));
/** 1 + exp(mean of ln(alpha - 1)), the default for a block. */
const geometric = (alphas: readonly number[]): number =>
  1 + Math.exp(mean(alphas.map((alpha) => Math.log(alpha - 1))));
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('one orthogonal projection', () => {
  const weak = nameOf(2, 'v');
  const model = modelWith('one', { [weak]: orthogonal });
  const file = join(root, 'one.json');

  it('is marked by analyze, in the row and in words, and counts in no block', async () => {
    const { code, stdout, stderr } = await alphalora('analyze', model, '-o', file);
    expect(code).toBe(0);
    expect(stdout).toContain(`1 weak (left out of every score): ${weak}: eigenvalues almost equal`);
    expect(stdout).not.toContain('spurious');
    expect(stderr).toContain(`weak: ${weak}: eigenvalues almost equal`);
    const { matrices, blocks } = read<Analysis>(file);
    const rows = matrices.filter((row) => row.status === 'ok');
    expect(rows.filter((row) => row.weak !== undefined).map(({ name }) => name)).toEqual([weak]);
    const others = rows.filter(({ name, block }) => block === 2 && name !== weak);
    expect(blocks[2]).toMatchObject({
      matrices: 2,
      alpha: geometric(others.map(({ alpha }) => alpha)),
    });
  });

  it('crosses no threshold on alpha, but one on weak fits', async () => {
    expect((await alphalora('analyze', model, '--fail-on', 'alpha>1000')).code).toBe(0);
    const { code, stderr } = await alphalora('analyze', model, '--fail-on', 'weak>0');
    expect(code).toBe(4);
    expect(stderr).toContain('--fail-on weak>0: the analysis has 1');
  });

  it('decides no allocation, which says so', async () => {
    const out = join(root, 'one-allocation.json');
    const { code, stderr } = await alphalora('allocate', file, '--total', '20', '-o', out);
    expect(code).toBe(0);
    expect(stderr).toContain(`weak: ${weak}: eigenvalues almost equal`);
    const { blocks } = read<Allocation>(out);
    expect(Math.max(...blocks.map(({ experts }) => experts!))).toBeLessThan(12);
    for (const { robustness } of blocks) expect(robustness!.driver!.name).not.toBe(weak);
  });

  it('gets the mean of its block in an allocation per projection', async () => {
    const out = join(root, 'one-projections.json');
    const budget = ['--unit', 'rank', '--per', 'projection', '--average', '4'];
    const { code, stdout, stderr } = await alphalora('allocate', file, ...budget, '-o', out);
    expect(code).toBe(0);
    expect(stderr).toContain('weak: 1 projection scored with the mean of the others of its block');
    expect(stdout).toContain('* no fit there says anything');
    const { projections } = read<Allocation>(out);
    const inside = projections!.filter(({ block }) => block === 2);
    const others = inside.filter(({ name }) => name !== weak).map(({ score }) => score!);
    expect(inside.find(({ name }) => name === weak)).toMatchObject({
      score: mean(others),
      weak: expect.stringContaining('almost equal'),
    });
  });

  it('has no alpha in the table for notebooks, and is not compared', async () => {
    const { stdout } = await alphalora('export', file, '--to', 'csv');
    const [header, ...lines] = stdout.trimEnd().split('\n');
    const column = header!.split(',').indexOf('alpha');
    const line = lines.find((text) => text.includes(weak.replace('.weight', '')))!;
    expect(line.split(',')[column]).toBe('');
    const compared = await alphalora('compare', file, file);
    expect(compared.stdout).toContain('11 matrices compared');
    expect(compared.stdout).toContain('1 weak');
  });
});

describe('a block of orthogonal projections', () => {
  it('gets the mean of the others, and is never called stable', async () => {
    const flat = (['q', 'v', 'up'] as const).map((key) => nameOf(1, key));
    const model = modelWith('block', Object.fromEntries(flat.map((name) => [name, orthogonal])));
    const out = join(root, 'plan');
    const { code, stdout, stderr } = await alphalora('plan', model, '--total', '20', '-o', out);
    expect(code).toBe(0);
    for (const name of flat) expect(stderr).toContain(`weak: ${name}`);
    expect(stderr).toContain('weak: block 1: no fit says anything (eigenvalues almost equal');
    expect(stderr).toContain('; scored with the mean of the other blocks\n');
    expect(stdout).toMatch(/^ +1 +\d\.\d{3}\* /m);
    const { blocks } = read<Allocation>(join(out, 'allocation.json'));
    expect(blocks[1]!.score).toBeCloseTo(mean([0, 2, 3].map((i) => blocks[i]!.score)), 12);
    expect(blocks[1]).not.toHaveProperty('robustness');
    expect(blocks[0]).toHaveProperty('robustness');
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain('No fit of block 1 says anything');
    expect(page).toContain('Of 1 block without a fit that says anything');
  });
});

describe('a block without any usable spectrum', () => {
  const identity = orthogonal.map((_, at) => (at % (SIDE + 1) === 0 ? 1 : 0));
  const reasons = {
    [nameOf(1, 'q')]: 'all values are zero',
    [nameOf(1, 'v')]: 'has rank one: a tail needs at least two eigenvalues',
    [nameOf(1, 'up')]: 'eigenvalues',
  };
  const model = modelWith('failed', {
    [nameOf(1, 'q')]: orthogonal.map(() => 0),
    [nameOf(1, 'v')]: orthogonal.map((_, at) => (1 + Math.floor(at / SIDE)) * (1 + (at % SIDE))),
    [nameOf(1, 'up')]: identity,
  });
  const out = join(root, 'failed-plan');

  it('gets the mean of the others, by name and with the reasons, and the exit code says 3', async () => {
    const { code, stdout, stderr } = await alphalora('plan', model, '--total', '20', '-o', out);
    expect(code).toBe(3);
    const [line] = /^weak: block 1: no fit says anything .*$/m.exec(stderr)!;
    for (const reason of Object.values(reasons)) expect(line).toContain(reason);
    expect(stderr).toContain(`failed: ${nameOf(1, 'q')}: all values are zero`);
    expect(stdout).toMatch(/^ +1 +\d\.\d{3}\* /m);
    const { blocks } = read<Allocation>(join(out, 'allocation.json'));
    expect(blocks[1]!.score).toBeCloseTo(mean([0, 2, 3].map((i) => blocks[i]!.score)), 12);
    expect(blocks[1]).not.toHaveProperty('robustness');
    expect(blocks[0]).toHaveProperty('robustness');
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain('No fit of block 1 says anything');
    expect(page).toMatch(/says anything, so .* Block 1: [^.]*all values are zero/);
  });

  it('has the mean of all in each of its projections, too', async () => {
    const file = join(root, 'failed-projections.json');
    const budget = ['--unit', 'rank', '--per', 'projection', '--average', '4', '-o', file];
    const analysis = join(out, 'analysis.json');
    const { code, stderr } = await alphalora('allocate', analysis, ...budget);
    expect(code).toBe(3);
    expect(stderr).toContain(`${nameOf(1, 'q')} (all values are zero)`);
    const { projections } = read<Allocation>(file);
    const inside = projections!.filter(({ block }) => block === 1);
    const others = projections!.filter(({ block }) => block !== 1).map(({ score }) => score!);
    for (const { score, weak } of inside) {
      expect(score).toBeCloseTo(mean(others), 12);
      expect(weak).toBeDefined();
    }
  });

  it('is an error where there is no other', async () => {
    const { model: whole, matrices, blocks, ...rest } = read<Analysis>(join(out, 'analysis.json'));
    const alone = {
      ...rest,
      model: { ...whole, blocks: 1 },
      matrices: matrices.filter(({ block }) => block === 1).map((row) => ({ ...row, block: 0 })),
      blocks: [{ ...blocks[1]!, index: 0 }],
    };
    const file = join(root, 'alone.json');
    writeFileSync(file, JSON.stringify(alone));
    for (const per of ['block', 'projection']) {
      const { code, stderr } = await alphalora('allocate', file, '--per', per);
      expect([code, stderr]).toEqual([1, expect.stringContaining('has a fit that says anything')]);
    }
  });
});

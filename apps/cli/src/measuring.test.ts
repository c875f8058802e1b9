/** Uncertainty, metrics, windows, adapters and the report, through the built program. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import type { Allocation, AnalysedRow, Analysis } from '@alphalora/contracts';
import { memoryEstimate } from '@alphalora/spectra-wasm';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { demoModel } from '@alphalora/testing/repository';
import { beforeAll, describe, expect, it } from 'vitest';

const root = temporaryFolder('measuring');
const { alphalora } = programIn(root);

async function analyze(...args: string[]): Promise<Analysis> {
  const { code, stdout, stderr } = await alphalora('analyze', '--json', ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const measured = ({ matrices }: Analysis): AnalysedRow[] =>
  matrices.filter((row) => row.status === 'ok');

describe('float32', () => {
  // The demo model's wide matrices keep their smallest eigenvalues, its square ones do not. The default
  // estimator does not look at them; this one does.
  const estimator = ['--estimator', 'fix-finger'];
  const square = ['--include', '*self_attn*', '--bootstrap', '0', ...estimator];

  it('marks the rows whose fit reads what it does not resolve, and says so', async () => {
    const file = join(root, 'f32.json');
    const forced = await alphalora(
      'analyze',
      demoModel,
      ...square,
      '--precision',
      'f32',
      '-o',
      file,
    );
    const analysis: Analysis = JSON.parse(readFileSync(file, 'utf8'));
    const marked = measured(analysis).filter(({ imprecise }) => imprecise !== undefined);
    expect(marked.length).toBeGreaterThan(0);
    expect(marked[0]!.imprecise).toMatch(/^float32 does not resolve the \d+ smallest of/);
    const warning = new RegExp(
      `warning: ${marked.length} of \\d+ alphas rest on .*--precision auto`,
    );
    expect(forced.stderr).toMatch(warning);
    expect((await alphalora('allocate', file)).stderr).toMatch(warning);
    // A row that the cache answers is marked alike.
    const again = await analyze(demoModel, ...square, '--precision', 'f32');
    expect(again.matrices).toEqual(analysis.matrices);
  });

  it('is not marked where it is good enough, nor is float64', async () => {
    const auto = await alphalora('analyze', demoModel, ...square);
    expect(auto.stderr).not.toContain('warning');
    const exact = new Map(
      measured(await analyze(demoModel, ...square)).map((row) => [row.name, row.alpha]),
    );
    const rows = measured(await analyze(demoModel, ...square, '--precision', 'f32'));
    for (const { name, alpha, imprecise } of rows) {
      if (imprecise === undefined)
        expect(Math.abs(alpha / exact.get(name)! - 1)).toBeLessThan(1e-4);
    }
  });
});

describe('the limit of memory', () => {
  const folder = join(root, 'strained');
  const name = 'model.layers.0.self_attn.q_proj.weight';
  const [rows, columns] = [60, 40];
  mkdirSync(folder);
  // One element 1e8 times the others: the spectrum reaches too far down for a Gram matrix.
  const values = Float32Array.from({ length: rows * columns }, (_, i) =>
    Math.sin(0.37 * (i + 1) ** 1.5),
  );
  values[500]! *= 1e8;
  const tensor = { name, shape: [rows, columns], dtype: 'F32' } as const;
  const bytes = encodeValues(values, 'F32');
  writeFileSync(
    join(folder, 'model.safetensors'),
    Buffer.concat(serializeSafetensors({ tensors: [{ ...tensor, bytes }] })),
  );
  const most = memoryEstimate({ rows, columns, dtype: 'F32' }, 'auto');
  const within = async (memory: number, jobs = 1) => {
    const file = join(root, 'within.json');
    const limits = ['--engine', 'wasm', '--max-memory', `${memory}`, '--jobs', `${jobs}`];
    const { code, stderr } = await alphalora('analyze', folder, ...limits, '-o', file);
    expect(code, stderr).toBe(0);
    return { row: measured(JSON.parse(readFileSync(file, 'utf8')))[0]!, stderr };
  };

  it('keeps a matrix from being solved again, which is said', async () => {
    const { row, stderr } = await within(most - 1);
    expect(row.imprecise).toMatch(/^float64 does not resolve the \d+ smallest of 40/);
    expect(stderr).toMatch(/warning: 1 of 1 alphas rest on .*raise --max-memory or lower --jobs/);
    expect((await within(2 * most - 1, 2)).row).toEqual(row);
    // The cache keeps nothing that another run can do better.
    const { row: better } = await within(2 * most, 2);
    expect(better).not.toHaveProperty('imprecise');
    expect((await within(most)).row).toEqual(better);
    // What is kept then is right for every limit.
    expect((await within(most - 1)).row).toEqual(better);
  });
});

describe('uncertainty', () => {
  let analysis: Analysis;
  beforeAll(async () => {
    analysis = await analyze(demoModel);
  });

  it('is in every row and block', async () => {
    expect(analysis.options).toMatchObject({ draws: 200, seed: 0 });
    for (const { alpha, interval, draws, spectrum } of measured(analysis)) {
      expect(draws).toHaveLength(200);
      expect(interval![0]).toBeLessThanOrEqual(alpha);
      expect(interval![1]).toBeGreaterThanOrEqual(alpha);
      expect(spectrum!.counts.length).toBeGreaterThan(0);
    }
    for (const { alpha, interval, range } of analysis.blocks) {
      expect(interval![0]).toBeLessThan(alpha!);
      expect(range![1]).toBeGreaterThanOrEqual(alpha!);
    }
  });

  it('repeats with the seed and can be left out', async () => {
    const again = await analyze(demoModel, '--jobs', '1', '--no-cache');
    expect({ ...again, timings: 0 }).toEqual({ ...analysis, timings: 0 });
    const other = await analyze(demoModel, '--seed', '1');
    expect(measured(other)[0]!.draws).not.toEqual(measured(analysis)[0]!.draws);
    const none = await analyze(demoModel, '--bootstrap', '0');
    expect(measured(none)[0]!).not.toHaveProperty('interval');
    expect(measured(none)[0]!.alpha).toBe(measured(analysis)[0]!.alpha);
  });

  it('carries over to the allocation, under every aggregate', async () => {
    const file = join(root, 'analysis.json');
    writeFileSync(file, JSON.stringify(analysis));
    const experts: number[][] = [];
    for (const aggregate of ['mean', 'median', 'trimmed', 'geometric']) {
      const { stdout } = await alphalora('allocate', file, '--json', '--aggregate', aggregate);
      const allocation: Allocation = JSON.parse(stdout);
      expect(allocation.robustness!.draws).toBe(200);
      for (const { experts: count, robustness } of allocation.blocks) {
        const [low, high] = robustness!.experts;
        expect(low).toBeLessThanOrEqual(high);
        expect(robustness!.driver!.name).toContain('weight');
        if (robustness!.changed === 0) expect([low, high]).toEqual([count, count]);
      }
      experts.push(allocation.experts!);
    }
    expect(new Set(experts.map((list) => list.reduce((a, b) => a + b, 0)))).toEqual(new Set([40]));
  });
});

describe('the seed', () => {
  it('reaches a policy that draws', async () => {
    const file = join(root, 'analysis.json');
    const experts = async (seed: string): Promise<number[]> => {
      const args = ['allocate', file, '--json', '--policy', 'random', '--seed', seed];
      return (JSON.parse((await alphalora(...args)).stdout) as Allocation).experts;
    };
    expect(await experts('1')).toEqual(await experts('1'));
    expect(await experts('1')).not.toEqual(await experts('2'));
  });
});

describe('metrics', () => {
  const first = ['--include', '*layers.0.*', '--bootstrap', '0'];

  it('are chosen by name, by group, all or none', async () => {
    const names = async (...metrics: string[]): Promise<string[]> =>
      Object.keys(
        measured(await analyze(demoModel, ...first, '--metrics', ...metrics))[0]!.metrics,
      );
    expect((await names('stable_rank', 'entropy')).sort()).toEqual(['entropy', 'stable_rank']);
    expect(await names('none')).toEqual([]);
    expect(await names('randomised')).toContain('rand_distance');
    expect((await names('all')).length).toBeGreaterThan((await names('marchenko-pastur')).length);
  });

  it('that do not exist are wrong usage, before anything is measured', async () => {
    const { code, stderr } = await alphalora('analyze', demoModel, '--metrics', 'beauty');
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown metric "beauty".*stable_rank/);
  });
});

describe('FARMS', () => {
  it('pools windows, and says so in the options', async () => {
    const block = [demoModel, '--include', '*layers.0.*'];
    const windows = ['--farms-size', '16x32', '--farms-windows', '3'];
    const analysis = await analyze(...block, '--farms', ...windows);
    expect(analysis.options['farms']).toEqual({ rows: 16, ratio: 2, windows: 3 });
    const [row] = measured(analysis);
    // Three windows along either side, 16 eigenvalues each.
    expect(row!.metrics['num_evals']).toBe(9 * 16);
    const cached = await analyze(...block, ...windows);
    expect(cached.matrices).toEqual(analysis.matrices);
    expect(cached.model.digest).toBe((await analyze(...block, '--bootstrap', '0')).model.digest);
  });

  it.each(['16', '32x16', '1x8', 'ax8'])('refuses windows of %s', async (size) => {
    expect((await alphalora('analyze', demoModel, '--farms-size', size)).code).toBe(2);
  });
});

describe('a LoRA adapter', async () => {
  const folder = join(root, 'adapter');
  const module = 'model.layers.1.self_attn.q_proj';
  mkdirSync(folder);
  const rank = 4;
  const shape = JSON.parse((await alphalora('inspect', demoModel, '--json')).stdout).weights.find(
    ({ name }: { name: string }) => name === `${module}.weight`,
  ).shape as [number, number];
  const noise = (count: number, step: number): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(step * (i + 1) ** 2));
  const tensor = (letter: 'A' | 'B', sides: number[], step: number) => {
    const values = noise(sides[0]! * sides[1]!, step);
    const name = `base_model.model.${module}.lora_${letter}.weight`;
    return { name, shape: sides, dtype: 'F32', bytes: encodeValues(values, 'F32') } as const;
  };
  const tensors = [tensor('A', [rank, shape[1]], 0.37), tensor('B', [shape[0], rank], 0.11)];
  writeFileSync(
    join(folder, 'adapter_model.safetensors'),
    Buffer.concat(serializeSafetensors({ tensors })),
  );
  const config = { peft_type: 'LORA', r: rank, lora_alpha: 8, target_modules: ['q_proj'] };
  writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));

  it('has the spectrum of its update, of its rank', async () => {
    const analysis = await analyze(folder);
    expect(measured(analysis)).toHaveLength(1);
    const [row] = measured(analysis);
    expect(row).toMatchObject({ name: `${module}.weight`, block: 1, role: 'q_proj', shape });
    expect(row!.metrics['num_evals']).toBe(rank);
  });

  it('changes the weights that it is added to, and no others', async () => {
    const before = measured(await analyze(demoModel, '--bootstrap', '0'));
    const after = await analyze(demoModel, '--adapter', folder, '--bootstrap', '0');
    expect(after.model.adapter).toBe(folder);
    const changed = measured(after).filter((row, i) => row.digest !== before[i]!.digest);
    expect(changed.map(({ name }) => name)).toEqual([`${module}.weight`]);
  });

  it('that does not fit the model is refused with both names', async () => {
    const other = join(root, 'other');
    cpSync(folder, other, { recursive: true });
    const stray = tensors.map((entry) => ({
      ...entry,
      name: entry.name.replace('layers.1', 'layers.99'),
    }));
    writeFileSync(
      join(other, 'adapter_model.safetensors'),
      Buffer.concat(serializeSafetensors({ tensors: stray })),
    );
    const { code, stderr } = await alphalora('analyze', demoModel, '--adapter', other);
    expect(code).toBe(1);
    expect(stderr).toContain('layers.99');
  });
});

describe('report', () => {
  it('is left by plan and made again from the documents', async () => {
    const folder = join(root, 'plan');
    expect((await alphalora('plan', demoModel, '-o', folder)).code).toBe(0);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/i);
    const again = join(root, 'again.html');
    const files = ['analysis.json', 'allocation.json'].map((name) => join(folder, name));
    const { code, stderr } = await alphalora('report', ...files, '-o', again);
    expect(code).toBe(0);
    expect(stderr).toBe(`wrote ${again}\n`);
    expect(readFileSync(again, 'utf8')).toBe(page);
  });

  it('needs documents that belong together, and somewhere to go', async () => {
    const [file] = [join(root, 'analysis.json')];
    expect((await alphalora('report', file!)).code).toBe(2);
    const foreign = join(root, 'foreign.json');
    const { stdout } = await alphalora('allocate', file!, '--json');
    const allocation: Allocation = JSON.parse(stdout);
    const { index } = allocation.blocks.pop()!;
    allocation.projections = allocation.projections!.filter(({ block }) => block !== index);
    for (const list of [allocation.experts, allocation.topK]) list.pop();
    writeFileSync(foreign, JSON.stringify(allocation));
    const { code, stderr } = await alphalora('report', file!, foreign, '-o', join(root, 'no.html'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/different models/);
    expect(existsSync(join(root, 'no.html'))).toBe(false);
  });
});

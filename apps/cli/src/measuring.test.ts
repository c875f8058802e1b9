/** Uncertainty, metrics, windows, adapters and the report, through the built program. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import type { Allocation, AnalysedRow, Analysis } from '@alphalora/contracts';
import { memoryEstimate } from '@alphalora/spectra-wasm';
import { afterAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const demo = fileURLToPath(new URL('../../../examples/demo-model', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'alphalora-measuring-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function alphalora(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, ALPHALORA_CACHE: join(root, 'cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  expect(stderr).not.toMatch(/\n\s+at .*:\d+:\d+|internal error/);
  return { code: status, stdout, stderr };
}

function analyze(...args: string[]): Analysis {
  const { code, stdout, stderr } = alphalora('analyze', '--json', ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

const measured = ({ matrices }: Analysis): AnalysedRow[] =>
  matrices.filter((row) => row.status === 'ok');

describe('float32', () => {
  // The demo model's wide matrices keep their smallest eigenvalues, its square ones do not.
  const square = ['--include', '*self_attn*', '--bootstrap', '0'];

  it('marks the rows whose fit reads what it does not resolve, and says so', () => {
    const file = join(root, 'f32.json');
    const forced = alphalora('analyze', demo, ...square, '--precision', 'f32', '-o', file);
    const analysis: Analysis = JSON.parse(readFileSync(file, 'utf8'));
    const marked = measured(analysis).filter(({ imprecise }) => imprecise !== undefined);
    expect(marked.length).toBeGreaterThan(0);
    expect(marked[0]!.imprecise).toMatch(/^float32 does not resolve the \d+ smallest of/);
    const warning = new RegExp(
      `warning: ${marked.length} of \\d+ alphas rest on .*--precision auto`,
    );
    expect(forced.stderr).toMatch(warning);
    expect(alphalora('allocate', file).stderr).toMatch(warning);
    // A row that the cache answers is marked alike.
    const again = analyze(demo, ...square, '--precision', 'f32');
    expect(again.matrices).toEqual(analysis.matrices);
  });

  it('is not marked where it is good enough, nor is float64', () => {
    const auto = alphalora('analyze', demo, ...square);
    expect(auto.stderr).not.toContain('warning');
    const exact = new Map(measured(analyze(demo, ...square)).map((row) => [row.name, row.alpha]));
    const rows = measured(
      analyze(demo, ...square, '--precision', 'f32', '--estimator', 'fix-finger'),
    );
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
  const within = (memory: number, jobs = 1) => {
    const file = join(root, 'within.json');
    const limits = ['--max-memory', `${memory}`, '--jobs', `${jobs}`];
    const { code, stderr } = alphalora('analyze', folder, ...limits, '-o', file);
    expect(code, stderr).toBe(0);
    return { row: measured(JSON.parse(readFileSync(file, 'utf8')))[0]!, stderr };
  };

  it('keeps a matrix from being solved again, which is said', () => {
    const { row, stderr } = within(most - 1);
    expect(row.imprecise).toMatch(/^float64 does not resolve the \d+ smallest of 40/);
    expect(stderr).toMatch(/warning: 1 of 1 alphas rest on .*raise --max-memory or lower --jobs/);
    expect(within(2 * most - 1, 2).row).toEqual(row);
    // The cache keeps nothing that another run can do better.
    const { row: better } = within(2 * most, 2);
    expect(better).not.toHaveProperty('imprecise');
    expect(within(most).row).toEqual(better);
    // What is kept then is right for every limit.
    expect(within(most - 1).row).toEqual(better);
  });
});

describe('uncertainty', () => {
  const analysis = analyze(demo);

  it('is in every row and block', () => {
    expect(analysis.options).toMatchObject({ bootstrap: 200, seed: 0 });
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

  it('repeats with the seed and can be left out', () => {
    const again = analyze(demo, '--jobs', '1', '--no-cache');
    expect({ ...again, timings: 0 }).toEqual({ ...analysis, timings: 0 });
    const other = analyze(demo, '--seed', '1');
    expect(measured(other)[0]!.draws).not.toEqual(measured(analysis)[0]!.draws);
    const none = analyze(demo, '--bootstrap', '0');
    expect(measured(none)[0]!).not.toHaveProperty('interval');
    expect(measured(none)[0]!.alpha).toBe(measured(analysis)[0]!.alpha);
  });

  it('carries over to the allocation, under every aggregate', () => {
    const file = join(root, 'analysis.json');
    writeFileSync(file, JSON.stringify(analysis));
    const experts = ['mean', 'median', 'trimmed'].map((aggregate) => {
      const { stdout } = alphalora('allocate', file, '--json', '--aggregate', aggregate);
      const allocation: Allocation = JSON.parse(stdout);
      expect(allocation.robustness!.draws).toBe(200);
      for (const { experts: count, robustness } of allocation.blocks) {
        const [low, high] = robustness!.experts;
        expect(low).toBeLessThanOrEqual(high);
        expect(robustness!.driver!.name).toContain('weight');
        if (robustness!.changed === 0) expect([low, high]).toEqual([count, count]);
      }
      return allocation.experts;
    });
    expect(new Set(experts.map((list) => list.reduce((a, b) => a + b, 0)))).toEqual(new Set([40]));
  });
});

describe('the seed', () => {
  it('reaches a policy that draws', () => {
    const file = join(root, 'analysis.json');
    const experts = (seed: string): number[] => {
      const args = ['allocate', file, '--json', '--policy', 'random', '--seed', seed];
      return (JSON.parse(alphalora(...args).stdout) as Allocation).experts;
    };
    expect(experts('1')).toEqual(experts('1'));
    expect(experts('1')).not.toEqual(experts('2'));
  });
});

describe('metrics', () => {
  it('are chosen by name, by group, all or none', () => {
    const names = (...metrics: string[]): string[] =>
      Object.keys(measured(analyze(demo, '--bootstrap', '0', '--metrics', ...metrics))[0]!.metrics);
    expect(names('stable_rank', 'entropy').sort()).toEqual(['entropy', 'stable_rank']);
    expect(names('none')).toEqual([]);
    expect(names('randomised')).toContain('rand_distance');
    expect(names('all').length).toBeGreaterThan(names('marchenko-pastur').length);
  });

  it('that do not exist are wrong usage, before anything is measured', () => {
    const { code, stderr } = alphalora('analyze', demo, '--metrics', 'beauty');
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown metric "beauty".*stable_rank/);
  });
});

describe('FARMS', () => {
  it('pools windows, and says so in the options', () => {
    const analysis = analyze(demo, '--farms', '--farms-size', '16x32', '--farms-windows', '3');
    expect(analysis.options['farms']).toEqual({ rows: 16, ratio: 2, windows: 3 });
    const [row] = measured(analysis);
    // Three windows along either side, 16 eigenvalues each.
    expect(row!.metrics['num_evals']).toBe(9 * 16);
    const cached = analyze(demo, '--farms-size', '16x32', '--farms-windows', '3');
    expect(cached.matrices).toEqual(analysis.matrices);
    expect(cached.model.digest).toBe(analyze(demo, '--bootstrap', '0').model.digest);
  });

  it.each(['16', '32x16', '1x8', 'ax8'])('refuses windows of %s', (size) => {
    expect(alphalora('analyze', demo, '--farms-size', size).code).toBe(2);
  });
});

describe('a LoRA adapter', () => {
  const folder = join(root, 'adapter');
  const module = 'model.layers.1.self_attn.q_proj';
  mkdirSync(folder);
  const rank = 4;
  const shape = JSON.parse(alphalora('inspect', demo, '--json').stdout).weights.find(
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

  it('has the spectrum of its update, of its rank', () => {
    const analysis = analyze(folder);
    expect(measured(analysis)).toHaveLength(1);
    const [row] = measured(analysis);
    expect(row).toMatchObject({ name: `${module}.weight`, block: 1, role: 'q_proj', shape });
    expect(row!.metrics['num_evals']).toBe(rank);
  });

  it('changes the weights that it is added to, and no others', () => {
    const before = measured(analyze(demo, '--bootstrap', '0'));
    const after = analyze(demo, '--adapter', folder, '--bootstrap', '0');
    expect(after.model.adapter).toBe(folder);
    const changed = measured(after).filter((row, i) => row.digest !== before[i]!.digest);
    expect(changed.map(({ name }) => name)).toEqual([`${module}.weight`]);
  });

  it('that does not fit the model is refused with both names', () => {
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
    const { code, stderr } = alphalora('analyze', demo, '--adapter', other);
    expect(code).toBe(1);
    expect(stderr).toContain('layers.99');
  });
});

describe('report', () => {
  it('is left by plan and made again from the documents', () => {
    const folder = join(root, 'plan');
    expect(alphalora('plan', demo, '-o', folder).code).toBe(0);
    const page = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/i);
    const again = join(root, 'again.html');
    const files = ['analysis.json', 'allocation.json'].map((name) => join(folder, name));
    const { code, stderr } = alphalora('report', ...files, '-o', again);
    expect(code).toBe(0);
    expect(stderr).toBe(`wrote ${again}\n`);
    expect(readFileSync(again, 'utf8')).toBe(page);
  });

  it('needs documents that belong together, and somewhere to go', () => {
    const [file] = [join(root, 'analysis.json')];
    expect(alphalora('report', file!).code).toBe(2);
    const foreign = join(root, 'foreign.json');
    const { stdout } = alphalora('allocate', file!, '--json');
    const allocation: Allocation = JSON.parse(stdout);
    const { index } = allocation.blocks.pop()!;
    allocation.projections = allocation.projections!.filter(({ block }) => block !== index);
    for (const list of [allocation.experts, allocation.topK]) list.pop();
    writeFileSync(foreign, JSON.stringify(allocation));
    const { code, stderr } = alphalora('report', file!, foreign, '-o', join(root, 'no.html'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/different models/);
    expect(existsSync(join(root, 'no.html'))).toBe(false);
  });
});

/**
 * What the command line writes is what the library gives: a document is finished in one place, so the
 * bytes are the same, but for the time that a run took.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import { seededRandom } from '@alphalora/contracts/numbers';
import { formatDocument } from '@alphalora/documents';
import { type AnalyzeModelOptions, analyzeModel } from '@alphalora/measuring';
import { temporaryFolder } from '@alphalora/testing/folders';
import { demoModel } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';
import { runCommandLine } from './command-line.js';

const root = temporaryFolder('library');

function tensor(name: string, shape: [number, number], seed: number) {
  const random = seededRandom(seed, name);
  const values = Float32Array.from({ length: shape[0] * shape[1] }, () => random() - 0.5);
  return { name, shape, dtype: 'F32', bytes: encodeValues(values, 'F32') } as const;
}

/** A folder with two blocks of GPT-2, whose projections are fused and stored input first. */
const fused = join(root, 'fused');
const adapter = join(root, 'adapter');
const q = 'model.layers.0.self_attn.q_proj';
const base = join(root, 'base.safetensors');
function write(file: string, tensors: ReturnType<typeof tensor>[]): void {
  writeFileSync(file, Buffer.concat(serializeSafetensors({ tensors })));
}
mkdirSync(fused);
mkdirSync(adapter);
write(
  join(fused, 'model.safetensors'),
  [0, 1].map((block) => tensor(`h.${block}.attn.c_attn.weight`, [24, 72], block)),
);
const gpt2 = { architectures: ['GPT2LMHeadModel'], n_head: 2, n_embd: 24 };
writeFileSync(join(fused, 'config.json'), JSON.stringify(gpt2));
write(base, [tensor(`${q}.weight`, [24, 20], 3)]);
const tuned = join(root, 'tuned.safetensors');
write(tuned, [tensor(`${q}.weight`, [24, 20], 6)]);
write(join(adapter, 'adapter_model.safetensors'), [
  tensor(`base_model.model.${q}.lora_A.weight`, [2, 20], 4),
  tensor(`base_model.model.${q}.lora_B.weight`, [24, 2], 5),
]);
writeFileSync(
  join(adapter, 'adapter_config.json'),
  JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'] }),
);

async function commandLine(args: readonly string[]): Promise<string> {
  const texts = { stdout: '', stderr: '' };
  const output = (name: keyof typeof texts) => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const io = { stdout: output('stdout'), stderr: output('stderr') };
  const { signal } = new AbortController();
  expect(
    await runCommandLine(['analyze', ...args, '--json'], { ...io, signal }),
    texts.stderr,
  ).toBe(0);
  return texts.stdout;
}

const timeless = (text: string): string => text.replace(/("timings": \{"seconds":)[^}]*/, '$10');

describe('analyzeModel and alphalora analyze --json', () => {
  it.each<[string, string, string[], AnalyzeModelOptions]>([
    ['a model', demoModel, [], {}],
    ['fused projections', fused, [], {}],
    ['fused projections taken apart', fused, ['--split-fused'], { splitFused: true }],
    ['an adapter', base, ['--adapter', adapter], { adapter }],
    ['a model less its base', tuned, ['--base', base], { base }],
    ['a shard', fused, ['--shard', '2/2'], { shard: { index: 2, count: 2 } }],
    [
      'a part of the weights',
      demoModel,
      ['--include', '*q_proj*', '--exclude', '*.0.*'],
      { include: ['*q_proj*'], exclude: ['*.0.*'] },
    ],
    [
      'another estimator, metrics and aggregate',
      fused,
      [
        ...['--estimator', 'hill', '--tail', '7', '--metrics', 'spectrum', 'randomised'],
        ...['--aggregate', 'median', '--bootstrap', '20', '--seed', '3'],
      ],
      {
        estimator: 'hill',
        tail: 7,
        metrics: ['spectrum', 'randomised'],
        aggregate: 'median',
        bootstrap: 20,
        seed: 3,
      },
    ],
    [
      'windows, in another arithmetic',
      fused,
      ['--farms-size', '8x8', '--farms-windows', '3', '--precision', 'f64', '--build', 'simd'],
      { farms: { rows: 8, ratio: 1, windows: 3 }, precision: 'f64', build: 'simd' },
    ],
  ])('give the same bytes: %s', async (title, model, args, options) => {
    const written = await commandLine([model, ...args, '--cache-dir', join(root, title)]);
    const library = formatDocument(await analyzeModel(model, options));
    expect(timeless(library)).toBe(timeless(written));
    expect(library).toMatch(/"digest":"[0-9a-f]{64}"/);
  });

  it('give the same bytes where spectra come from the cache of the other', async () => {
    const cache = join(root, 'shared');
    let found = 0;
    const onProgress = (progress: { found: number }): void => {
      found = progress.found;
    };
    const first = formatDocument(await analyzeModel(demoModel, { cache, onProgress }));
    expect(found).toBe(0);
    expect(timeless(await commandLine([demoModel, '--cache-dir', cache]))).toBe(timeless(first));
    const again = formatDocument(await analyzeModel(demoModel, { cache, onProgress }));
    expect(timeless(again)).toBe(timeless(first));
    expect(found).toBeGreaterThan(0);
  });
});

describe('a file that is written to after its last reading', () => {
  it('ends the analysis, since other matrices may be of the new version', async () => {
    const path = join(root, 'whole.safetensors');
    const old = readFileSync(base);
    const other = Buffer.from(old);
    other[other.length - 1]! ^= 1;
    writeFileSync(path, old);
    const texts = { stdout: '', stderr: '' };
    const stderr = {
      isTTY: true,
      write(text: string) {
        texts.stderr += text;
        if (/100/.test(text)) writeFileSync(path, other);
      },
    };
    const stdout = {
      write(text: string) {
        texts.stdout += text;
      },
    };
    const { signal } = new AbortController();
    const args = ['analyze', path, '--json', '--cache-dir', join(root, 'whole')];
    expect(await runCommandLine(args, { stdout, stderr, signal })).toBe(1);
    expect(texts.stderr).toMatch(/whole\.safetensors: it was changed while it was read; start/);
    expect(texts.stdout).toBe('');
  });
});

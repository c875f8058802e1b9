/** The built program as its users call it: files, streams and exit codes. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import type { Allocation, AnalysedRow, Analysis } from '@alphalora/contracts';
import { temporaryFolder } from '@alphalora/testing/folders';
import { programIn } from '@alphalora/testing/program';
import { describe, expect, it } from 'vitest';

const root = temporaryFolder('cli');
const { start, alphalora } = programIn(root);
const plantedModel = fileURLToPath(
  new URL('../../../tests/lib/planted-model.mjs', import.meta.url),
);

/** Seeded numbers in [-1, 1). */
function noise(count: number, seed: number): Float64Array {
  let state = seed;
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

const q = (block: number): string => `model.layers.${block}.self_attn.q_proj.weight`;
const up = (block: number): string => `model.layers.${block}.mlp.up_proj.weight`;

type Weights = Record<string, { shape: number[]; values: ArrayLike<number> }>;

function writeModel(folder: string, weights: Weights): string {
  const path = join(root, folder);
  mkdirSync(path, { recursive: true });
  const tensors = Object.entries(weights).map(([name, { shape, values }]) => {
    return {
      name,
      shape,
      dtype: 'F32',
      bytes: encodeValues(Float32Array.from(values), 'F32'),
    } as const;
  });
  writeFileSync(join(path, 'model.safetensors'), Buffer.concat(serializeSafetensors({ tensors })));
  writeFileSync(
    join(path, 'config.json'),
    '{"architectures":["LlamaForCausalLM"],"model_type":"llama"}',
  );
  return path;
}

function soundWeights(size = 24): Weights {
  const weights: Weights = { 'model.norm.weight': { shape: [size], values: noise(size, 9) } };
  for (const block of [0, 1, 2]) {
    weights[q(block)] = { shape: [size, size], values: noise(size * size, block + 1) };
    weights[up(block)] = { shape: [2 * size, size], values: noise(2 * size * size, block + 4) };
  }
  return weights;
}

const model = writeModel('model', soundWeights());
const read = <Document>(path: string): Document => JSON.parse(readFileSync(path, 'utf8'));

describe('plan', () => {
  it('leaves an analysis and an allocation, and prints a table', async () => {
    const out = join(root, 'plan');
    const { code, stdout, stderr } = await alphalora('plan', model, '--total', '14', '-o', out);
    expect(code, stderr).toBe(0);
    const analysis = read<Analysis>(join(out, 'analysis.json'));
    const allocation = read<Allocation>(join(out, 'allocation.json'));
    expect(analysis.model).toMatchObject({
      source: model,
      architecture: 'LlamaForCausalLM',
      blocks: 3,
    });
    expect(analysis.matrices.filter((row) => row.status === 'ok')).toHaveLength(6);
    expect(allocation.experts.reduce((sum, count) => sum + count, 0)).toBe(14);
    // Per expert: rank 8 on 24 -> 24 and 24 -> 48, and two router columns.
    expect(allocation.parameters).toEqual({ rank: 8, trainable: 14 * (8 * (48 + 72) + 48) });
    expect(stdout).toMatch(/^block\s+alpha\s+experts\s+top-k/);
    expect(stderr).toContain('1 × not a matrix');
  });

  it('plans the demo model', async () => {
    const { code, stdout } = await alphalora('plan', '--demo', '-o', join(root, 'demo'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^block\s+alpha\s+experts/);
    const { experts }: Allocation = JSON.parse(
      readFileSync(join(root, 'demo', 'allocation.json'), 'utf8'),
    );
    expect(experts).toHaveLength(8);
  });

  it('shows planted against estimated exponents where a model says them', async () => {
    const planted = join(root, 'planted');
    execFileSync(process.execPath, [plantedModel, planted]);
    const { code, stdout } = await alphalora('plan', planted, '-o', join(root, 'planted-plan'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^block\s+planted\s+alpha\s+experts/);
    const rows = stdout
      .split('\n')
      .slice(1, 9)
      .map((line) => line.trim().split(/\s+/).map(Number));
    for (const [, planted, estimated] of rows as number[][]) {
      expect(Math.abs(estimated! / planted! - 1)).toBeLessThan(0.05);
    }
  });

  it.each([
    ['--total', ['--total', '2'], /a total of 2 is too small for 3 blocks .* raise the total to 3/],
    ['bounds', ['--min', '4', '--max', '3'], /min 4 is above max 3/],
    ['--max', ['--total', '14', '--max', '2'], /too large for 3 blocks/],
    ['--set', ['--set', 'betta=2'], /no option "betta"/],
    ['--share', ['--unit', 'selection', '--share', '3'], /too large|from 0 to 1/],
    ['a policy of others', ['--policy', './own.mjs', '--total', '1'], /a total of 1 is too small/],
  ])('refuses %s before it measures', async (name, args, message) => {
    writeFileSync(
      join(root, 'own.mjs'),
      `export default { name: 'own', version: '1.0.0', apiVersion: 1,
        traits: { resources: ['experts'], answer: 'weights' },
        allocate: () => { throw new Error('the policy was asked'); } };`,
    );
    const out = join(root, `infeasible${name}`);
    for (const more of [[], ['--dry-run']]) {
      const { code, stderr } = await alphalora('plan', model, ...args, '-o', out, ...more);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
      // The analysis would be the first thing that it writes.
      expect(existsSync(out)).toBe(false);
    }
  });

  it('gives a block that is left out nothing, and says so', async () => {
    const out = join(root, 'left-out');
    const args = ['--exclude', '*.layers.1.*', '--total', '8', '--top-k', '9', '-o', out];
    const { code, stderr } = await alphalora('plan', model, ...args);
    expect(code, stderr).toBe(0);
    const { experts } = read<Allocation>(join(out, 'allocation.json'));
    expect(experts[1]).toBe(0);
    expect(experts[0]! + experts[2]!).toBe(8);
    expect(stderr).toContain(
      "block 1 gets nothing: its projections are excluded by --exclude '*.layers.1.*'",
    );
    expect(stderr).toContain('--top-k 9 is above the number of experts of 2 of 3 blocks');
  });
});

describe('analyze', () => {
  it('gives the same bytes with and without the cache, apart from timings', async () => {
    const documents: string[] = [];
    for (const flags of [['--no-cache'], [], [], ['--jobs', '1']]) {
      const { stdout } = await alphalora('analyze', model, '--json', ...flags);
      documents.push(JSON.stringify({ ...JSON.parse(stdout), timings: undefined }));
    }
    expect(new Set(documents).size).toBe(1);
  });

  it('measures only what changed', async () => {
    const folder = join(root, 'changing-cache');
    const entries = () =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /^spectra.*[0-9a-f]{64}$/.test(name),
      );
    const args = ['--cache-dir', folder, '--json'];
    const weights = soundWeights();
    const changing = writeModel('changing', weights);
    await alphalora('analyze', changing, ...args);
    expect(entries()).toHaveLength(6);
    await alphalora('analyze', changing, ...args);
    expect(entries()).toHaveLength(6);
    weights[q(1)]!.values = noise(24 * 24, 77);
    const { stdout } = await alphalora('analyze', writeModel('changing', weights), ...args);
    expect(entries()).toHaveLength(7);
    const fresh = await alphalora('analyze', changing, '--json', '--no-cache');
    const rows = (text: string): unknown => (JSON.parse(text) as Analysis).matrices;
    expect(rows(stdout)).toEqual(rows(fresh.stdout));
  });

  it('finishes with 3 and reasons when some matrices have no spectrum', async () => {
    const size = 24;
    const weights = soundWeights();
    weights[q(0)]!.values = noise(size * size, 1).fill(Number.NaN, 5, 6);
    weights[q(1)]!.values = new Float64Array(size * size);
    weights[q(2)]!.values = Float64Array.from(
      { length: size * size },
      (_, i) => (1 + (i % size)) * 2,
    );
    weights[up(0)]!.values = noise(2 * size * size, 1).fill(Number.POSITIVE_INFINITY, 0, 1);
    const output = join(root, 'some-failed.json');
    const { code, stderr } = await alphalora(
      'analyze',
      writeModel('failing', weights),
      '-o',
      output,
    );
    expect(code).toBe(3);
    const reasons = read<Analysis>(output).matrices.flatMap((row) =>
      row.status === 'failed' ? [`${row.name}: ${row.reason}`] : [],
    );
    expect(reasons.sort()).toEqual([
      expect.stringMatching(/^model.layers.0.mlp.up_proj.weight: contains .*infinity/),
      expect.stringMatching(/^model.layers.0.self_attn.q_proj.weight: contains NaN/),
      `${q(1)}: all values are zero`,
      `${q(2)}: has rank one: a tail needs at least two eigenvalues`,
    ]);
    for (const reason of reasons) expect(stderr).toContain(reason);
    // Block 0 has nothing left to judge it by.
    const allocation = await alphalora('allocate', output);
    expect(allocation.code).toBe(3);
    expect(allocation.stderr).toMatch(/^weak: block 0: no fit says anything \(contains /m);
  });

  it('goes on, with a warning, when spectra cannot be kept', async () => {
    const file = join(root, 'no-folder');
    writeFileSync(file, '');
    const { code, stderr } = await alphalora('analyze', model, '--cache-dir', join(file, 'cache'));
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: spectra are not kept .*--cache-dir/m);
  });

  it('records the build that decides the last digits', async () => {
    const { stdout } = await alphalora('analyze', model, '--json', '--build', 'simd');
    expect((JSON.parse(stdout) as Analysis).options).toMatchObject({
      engine: 'wasm',
      build: 'simd',
    });
  });

  it('selects by patterns, and says so in the document', async () => {
    const { stdout } = await alphalora(
      'analyze',
      model,
      '--json',
      '--include',
      '*q_proj*',
      '--exclude',
      '*.2.*',
    );
    const { matrices, options } = JSON.parse(stdout) as Analysis;
    expect(
      matrices
        .filter((row) => row.status === 'ok')
        .map((row) => row.name)
        .sort(),
    ).toEqual([q(0), q(1)]);
    expect(matrices.find((row) => row.name === q(2))).toMatchObject({
      reason: "excluded by --exclude '*.2.*'",
    });
    expect(options).toMatchObject({ include: ['*q_proj*'], exclude: ['*.2.*'] });
  });

  it.each([[['--dry-run']], [['--draws', '0']]])(
    'warns of a pattern that matches nothing with %s',
    async (more) => {
      const patterns = ['--include', 'q_proj', '--exclude', 'upproj'];
      const { code, stderr } = await alphalora('analyze', model, ...patterns, ...more);
      expect(stderr).toContain(
        "warning: --exclude 'upproj' matches no weight (did you mean 'up_proj'?); there are ",
      );
      expect(code).toBe(0);
    },
  );

  it('shows what is in no block when it is asked for', async () => {
    const weights = {
      ...soundWeights(),
      'model.embed_tokens.weight': { shape: [40, 24], values: noise(960, 3) },
    };
    const path = writeModel('with-embedding', weights);
    const { stdout } = await alphalora('analyze', path, '--include', '*embed*');
    expect(stdout).toMatch(/^matrix +alpha +tail .*\nmodel\.embed_tokens\.weight +\d/m);
    expect(stdout).not.toMatch(/^block/m);
    expect((await alphalora('analyze', path)).stdout).toMatch(/^block +alpha +up_proj +q_proj/m);
  });

  it('knows the reference engine, and the two agree', async () => {
    const alphas = async (engine: string): Promise<number[]> => {
      const { stdout } = await alphalora('analyze', model, '--json', '--engine', engine);
      const rows = (JSON.parse(stdout) as Analysis).matrices.filter((row) => row.status === 'ok');
      return rows.map((row) => (row as AnalysedRow).alpha);
    };
    const [fast, reference] = [await alphas('wasm'), await alphas('ml-matrix')];
    for (const [i, alpha] of reference.entries()) expect(fast[i]! / alpha - 1).toBeCloseTo(0, 9);
  });

  it('only lists the work with --dry-run', async () => {
    const { stdout } = await alphalora('analyze', model, '--dry-run', '--json');
    const { matrices } = JSON.parse(stdout) as { matrices: Array<{ name: string }> };
    expect(matrices).toHaveLength(6);
    expect(matrices[0]!.name).toContain('up_proj');
    const { stdout: text } = await alphalora(
      'analyze',
      model,
      '--dry-run',
      '--shard',
      '1/2',
      '--no-cache',
    );
    expect(text).toMatch(/^model\.layers\.\{0,2\}\.mlp\.up_proj\.weight +2 +48 × 24 +0\.00$/m);
    expect(text).toMatch(
      /\n3 matrices, [\d.]+ Gflop: under 2 s with 1 thread, about \d+ MB of memory\n/,
    );
    expect(text).toMatch(/skipped: .*3 × measured by shard 2\/2/);
  });

  it('plan --dry-run says what there is to allocate, and writes nothing', async () => {
    const folder = join(root, 'nowhere');
    const { stdout } = await alphalora('plan', model, '--dry-run', '-o', folder);
    expect(stdout).toMatch(
      /\n6 matrices, .*\n(?:.*\n)*then allocates 15 experts over 3 blocks by alphalora, /,
    );
    expect(existsSync(folder)).toBe(false);
    const options = ['--unit', 'bits', '--per', 'projection', '--json'];
    const { stdout: data } = await alphalora('plan', model, '--dry-run', '-o', folder, ...options);
    expect(JSON.parse(data).allocation).toEqual({
      policy: 'alphaq',
      ...{ unit: 'bits', per: 'projection', measure: 'average', total: 4 },
      ...{ blocks: 3, projections: 6 },
    });
  });
});

describe('shards', () => {
  it('are measured apart and merged into the document of a single run', async () => {
    const single = join(root, 'single.json');
    await alphalora('analyze', model, '-o', single, '--no-cache');
    const parts = [1, 2, 3].map((index) => join(root, `part-${index}.json`));
    for (const [i, part] of parts.entries()) {
      const { code } = await alphalora(
        'analyze',
        model,
        '--shard',
        `${i + 1}/3`,
        '-o',
        part,
        '--no-cache',
      );
      expect(code).toBe(0);
    }
    const merged = join(root, 'merged.json');
    const { code, stderr } = await alphalora('merge', ...parts.toReversed(), '-o', merged);
    expect(code, stderr).toBe(0);
    const bytes = (path: string): string => readFileSync(path, 'utf8').replace(/"timings": .*/, '');
    expect(bytes(merged)).toBe(bytes(single));

    expect((await alphalora('merge', parts[0]!, parts[1]!)).stderr).toMatch(
      /missing: shard 3 of 3/,
    );
    expect((await alphalora('merge', ...parts, parts[0]!)).stderr).toMatch(/both shard 1\/3/);
    const part = await alphalora('allocate', parts[0]!);
    expect(part.code).toBe(1);
    expect(part.stderr).toMatch(/alphalora merge/);
  });
});

describe('allocate', () => {
  it('aggregates anew, bounds, rounds and sets options', async () => {
    const analysis = join(root, 'to-allocate.json');
    await alphalora('analyze', model, '-o', analysis);
    const { stdout } = await alphalora(
      ...[
        'allocate',
        analysis,
        '--total',
        '12',
        '--aggregate',
        'median',
        '--max',
        '5',
        '--min',
        '2',
      ],
      ...['--set', 'beta=4', '--rounding', 'floor-one', '--top-k', '1', '--rank', '4', '--json'],
    );
    const allocation = JSON.parse(stdout) as Allocation;
    expect(allocation).toMatchObject({
      policy: { options: { beta: 4 } },
      rounding: 'floor-one',
      topK: [1, 1, 1],
      budget: { total: 12, min: 2, max: 5 },
      parameters: { rank: 4 },
    });
    expect(Math.max(...allocation.experts)).toBeLessThanOrEqual(5);
  });
});

describe('wrong usage ends with 2 and says what is right', () => {
  it.each<[string, string[], RegExp]>([
    ['no such command', ['analyse', model], /unknown command 'analyse'/],
    ['no such option', ['analyze', model, '--fast'], /unknown option '--fast'/],
    ['no model', ['plan'], /name a model, or use --demo/],
    [
      'a model that an option took',
      ['plan', '--metrics', 'snr', model],
      /error: --metrics takes all words behind it \(snr, .*\): name the model before it\n/,
    ],
    [
      'a required model that an option took',
      ['analyze', '--include', 'q_proj', model],
      /missing required argument 'model'\n.*\n--include takes all words .*: name the model before it\n/,
    ],
    [
      'a power that overflows, before anything is measured',
      ['plan', model, '--set', 'beta=1e9', '-o', join(root, 'overflow')],
      /^error: policy alphalora, option beta: .*<=100 but received 1000000000\n$/,
    ],
    [
      'several formats in one export',
      ['export', 'allocation.json', '--to', 'axolotl,peft'],
      /It must be one format; plan --export takes several/,
    ],
    ['two models', ['plan', model, '--demo'], /not both/],
    ['no such model', ['analyze', 'nowhere'], /nowhere does not exist/],
    [
      'no such estimator',
      ['analyze', model, '--estimator', 'x'],
      /fix-finger, fix-finger-strict, hill, ks/,
    ],
    ['no such engine', ['analyze', model, '--engine', 'x'], /wasm, ml-matrix/],
    ['no such policy', ['allocate', model, '--policy', 'x'], /choose one of alphalora, uniform/],
    [
      'no such policy option',
      ['allocate', model, '--set', 'betta=2'],
      /policy alphalora has no option "betta": did you mean beta\? its options are beta\n/,
    ],
    [
      'no such rounding',
      ['allocate', model, '--rounding', 'x'],
      /largest-remainder, official, floor-one/,
    ],
    ['a number that is none', ['allocate', model, '--total', '1.5'], /must be an integer/],
    ['no jobs', ['analyze', model, '--jobs', '0'], /at least 1/],
    ['a size that is none', ['analyze', model, '--max-memory', 'lots'], /800M or 2.5GB/],
    ['a shard that is none', ['analyze', model, '--shard', '3/2'], /--shard must look like/],
    [
      'patterns without matches',
      ['analyze', model, '--include', 'x*'],
      /no matrix is left to measure: --include 'x\*' matches no weight; there are up_proj \(3\), q_proj \(3\); a name is /,
    ],
    [
      '--tail with another estimator',
      ['analyze', model, '--tail', '5', '--estimator', 'ks'],
      /--estimator hill only/,
    ],
    ['no such document', ['schema', 'x'], /analysis, allocation, scores/],
    ['an analysis that does not exist', ['allocate', 'gone.json'], /gone.json does not exist/],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await alphalora(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
  });
});

describe('bad input ends with 1', () => {
  it('damaged checkpoints, with the file and the mend', async () => {
    const whole = readFileSync(join(model, 'model.safetensors'));
    const path = join(root, 'cut.safetensors');
    writeFileSync(path, whole.subarray(0, whole.length - 100));
    const { code, stderr } = await alphalora('analyze', path);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*cut\.safetensors/);
  });

  it.each([
    ['{', /is not JSON/],
    ['[]', /is not an analysis/],
    ['{"kind":"allocation"}', /its kind is "allocation"/],
    ['{"kind":"analysis","schemaVersion":1}', /is not a valid analysis/],
  ])('the document %s', async (text, message) => {
    const path = join(root, 'bad.json');
    writeFileSync(path, text);
    const { code, stderr } = await alphalora('allocate', path);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  it('an output that cannot be written', async () => {
    writeFileSync(join(root, 'a-file'), '');
    const { code, stderr } = await alphalora(
      'analyze',
      model,
      '-o',
      join(root, 'a-file', 'x.json'),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/cannot write/);
  });

  it('a matrix over the memory limit fails alone', async () => {
    const { code, stderr } = await alphalora('analyze', model, '--max-memory', '1k');
    expect(code).toBe(3);
    expect(stderr).toMatch(/failed: .*raise --max-memory/);
  });
});

describe('the rest', () => {
  it('inspect lists every weight, from headers', async () => {
    const { stdout } = await alphalora('inspect', model, '--json');
    const { weights, blocks } = JSON.parse(stdout);
    expect(blocks).toBe(3);
    expect(weights).toHaveLength(7);
    expect((await alphalora('inspect', model, '--all')).stdout).toMatch(
      /q_proj\.weight\s+24 × 24\s+F32\s+0\s+q_proj/,
    );
  });

  it('inspect has a row for weights that differ in numbers, and then what they come to', async () => {
    const { stdout } = await alphalora('inspect', model);
    expect(stdout).toMatch(
      /^model\.layers\.\{0\.\.2\}\.self_attn\.q_proj\.weight +3 +24 × 24 +F32 +q_proj +projection +yes$/m,
    );
    expect(stdout).toMatch(/^projections of blocks +6 +[\d,]+ +\d+ % {2}F32$/m);
    expect(stdout).toMatch(/\nanalyze: 6 matrices, [\d.]+ Gflop: under 2 s with 1 thread, .*\n$/);
    const { summary, forecast } = JSON.parse((await alphalora('inspect', model, '--json')).stdout);
    expect(summary.parts.projections.weights).toBe(6);
    expect(forecast).toMatchObject({ matrices: 6, threads: 1 });
  });

  it('what is to be known of the files is told once by each command, and listed in JSON', async () => {
    const path = writeModel('noted', soundWeights());
    writeFileSync(join(path, 'config.json'), '{"model_type":"x","model_type":"llama"}');
    const note =
      'config.json: the name "model_type" appears twice; the last one counts, as in Python';
    const { stdout, stderr } = await alphalora('inspect', path, '--json');
    expect(JSON.parse(stdout).notes).toEqual([note]);
    expect(stderr).toBe(`note: ${note}\n`);
    for (const command of ['analyze', 'plan'])
      expect((await alphalora(command, path, '--dry-run')).stderr).toBe(`note: ${note}\n`);
  });

  it('schema and doctor print JSON', async () => {
    expect(JSON.parse((await alphalora('schema', 'analysis')).stdout).title).toBe('Analysis');
    expect(JSON.parse((await alphalora('doctor', '--json')).stdout).node).toBe(
      process.versions.node,
    );
  });

  it('help and version go to stdout and end with 0', async () => {
    const help = await alphalora('--help');
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('plan [options] [model]');
    const { version } = read<{ version: string }>(
      fileURLToPath(new URL('../package.json', import.meta.url)),
    );
    expect((await alphalora('--version')).stdout.trim()).toBe(version);
  });
});

describe('interruption', () => {
  // Large enough for worker threads and some seconds of work.
  const size = 640;
  const blocks = 24;
  const weights: Weights = {};
  for (let block = 0; block < blocks; block++) {
    weights[q(block)] = { shape: [size, size], values: noise(size * size, block + 1) };
  }
  const large = writeModel('large', weights);

  it.each(['SIGINT', 'SIGKILL'] as const)(
    '%s loses at most the matrices in flight',
    async (signal) => {
      const folder = join(root, `cache-${signal}`);
      const output = join(root, `${signal}.json`);
      const args = ['analyze', large, '-o', output, '--cache-dir', folder, '--jobs', '1'];
      const kept = (): string[] =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
          /^spectra.*[0-9a-f]{64}$/.test(name),
        );
      const { child, outcome } = start(args);
      while (!existsSync(folder) || kept().length < 2)
        await new Promise((resolve) => setTimeout(resolve, 10));
      child.kill(signal);
      const { code, stderr } = await outcome;
      if (signal === 'SIGINT') {
        expect(code).toBe(130);
        expect(stderr).toMatch(/run the same command to resume/);
      }
      expect(readdirSync(root).filter((name) => name.startsWith(`${signal}.json`))).toEqual([]);
      const before = new Map(kept().map((name) => [name, statSync(join(folder, name)).mtimeMs]));
      expect(before.size).toBeGreaterThanOrEqual(2);
      expect(before.size).toBeLessThan(blocks);

      expect((await start(args).outcome).code).toBe(0);
      expect(kept()).toHaveLength(blocks);
      // What had been measured was not measured again.
      for (const [name, time] of before) expect(statSync(join(folder, name)).mtimeMs).toBe(time);
      const resumed = read<Analysis>(output);
      const { stdout } = await alphalora('analyze', large, '--json', '--no-cache');
      expect({ ...resumed, timings: 0 }).toEqual({ ...JSON.parse(stdout), timings: 0 });
    },
  );
});

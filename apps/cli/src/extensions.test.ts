/** Estimators, formats and tasks of others in the built program: by path, package and configuration. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Analysis } from '@alphalora/contracts';
import { formatDocument } from '@alphalora/documents';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { demoModel } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';

const root = temporaryFolder('extensions');
const { alphaloraIn, start } = programIn(root);

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

// Its exponent is told apart from that of all others; a module of its own, as users write it.
const estimator = `{
  name: 'seven',
  fit: (eigenvalues) => ({ alpha: 7, xmin: eigenvalues[0], ks: 0.1, tail: eigenvalues.length, stderr: 0.5 }),
}`;
const exporter = `{
  name: 'lines', kinds: ['analysis'],
  export: ({ matrices }) => ({ files: matrices.map(({ name }) => name + '\\n').join(''), notes: [] }),
}`;
write('project/package.json', '{}');
write('project/seven.mjs', `export default ${estimator};`);
write(
  'project/node_modules/alphalora-seven/package.json',
  '{"type":"module","exports":"./index.js"}',
);
write('project/node_modules/alphalora-seven/index.js', `export default ${estimator};`);
write('project/lines.mjs', `export default ${exporter};`);
write(
  'given/analysis.json',
  formatDocument(analysisOf([measuredRow('h.0.w.weight', 2)], [{ alpha: 2 }])),
);

const folder = join(root, 'project');
const quick = ['--bootstrap', '0', '--metrics', 'none', '--no-cache', '--json'];

async function alphas(cwd: string, ...args: string[]): Promise<unknown[]> {
  const { code, stdout, stderr } = await alphaloraIn(cwd, 'analyze', demoModel, ...quick, ...args);
  expect(code, stderr).toBe(0);
  const { matrices, options } = JSON.parse(stdout) as Analysis;
  const found = matrices.flatMap((row) => ('alpha' in row ? [row.alpha] : []));
  return [...new Set(found), options.estimator];
}

describe('an estimator of others', () => {
  it.each([
    ['by path', './seven.mjs'],
    ['by the name of a package', 'alphalora-seven'],
  ])('%s', async (_, reference) => {
    expect(await alphas(folder, '--estimator', reference)).toEqual([7, 'seven']);
  });

  it('of the configuration, by path and by value, by its name', async () => {
    write('by-path/alphalora.config.json', '{"estimators": ["../project/seven.mjs"]}');
    write('by-path/package.json', '{}');
    expect(await alphas(join(root, 'by-path'), '--estimator', 'seven')).toEqual([7, 'seven']);
    write('by-value/alphalora.config.mjs', `export default { estimators: [${estimator}] };`);
    const config = join(root, 'by-value/alphalora.config.mjs');
    expect(await alphas(folder, '--config', config, '--estimator', 'seven')).toEqual([7, 'seven']);
  });

  it('is there for allocate and plan too', async () => {
    const { code, stdout, stderr } = await alphaloraIn(
      folder,
      ...[
        'allocate',
        demoModel,
        '--estimator',
        './seven.mjs',
        '--no-cache',
        '--bootstrap',
        '0',
        '--json',
      ],
    );
    expect(code, stderr).toBe(0);
    // All alphas are the same, so nothing tells the blocks apart.
    const { experts } = JSON.parse(stdout) as { experts: number[] };
    expect(new Set(experts)).toEqual(new Set([5]));
  });
});

describe('a group of metrics of others', () => {
  it('is computed beside the built-in ones, in threads too', async () => {
    const group = `{ name: 'sizes', metrics: ['half'],
      compute: ({ eigenvalues }) => ({ half: eigenvalues.length / 2 }) }`;
    write('project/sizes.mjs', `export default ${group};`);
    const { code, stdout, stderr } = await alphaloraIn(
      folder,
      ...['analyze', demoModel, '--metrics', './sizes.mjs', 'entropy', '--no-cache', '--json'],
      ...['--bootstrap', '0', '--include', '*.0.*q_proj*'],
    );
    expect(code, stderr).toBe(0);
    const { matrices, options } = JSON.parse(stdout) as Analysis;
    expect(options.metrics).toEqual(['entropy', 'half']);
    const measured = matrices.flatMap((row) => ('metrics' in row ? [row] : []));
    // The projection is 96 by 96.
    expect(measured.map(({ metrics }) => metrics['half'])).toEqual([48]);
  });
});

describe('an engine of others', () => {
  it('measures, with what it says of its memory', async () => {
    // The singular values of a matrix of ones and twos, whatever is asked for.
    const engine = `{ name: 'steps', memory: () => 1,
      load: async () => ({ name: 'steps', singularValues: async ({ rows, columns }) =>
        Float64Array.from({ length: Math.min(rows, columns) }, (_, i) => 1 / (1 + i)) }) }`;
    write('project/steps.mjs', `export default ${engine};`);
    const { code, stdout, stderr } = await alphaloraIn(
      folder,
      ...[
        'analyze',
        demoModel,
        '--engine',
        './steps.mjs',
        '--metrics',
        'spectral_norm',
        '--no-cache',
      ],
      ...['--bootstrap', '0', '--include', '*.0.*q_proj*', '--json'],
    );
    expect(code, stderr).toBe(0);
    const { matrices, options } = JSON.parse(stdout) as Analysis;
    expect(options.engine).toBe('steps');
    const measured = matrices.flatMap((row) => ('metrics' in row ? [row.metrics] : []));
    expect(measured).toEqual([{ spectral_norm: 1 }]);
  });
});

describe('a format of weights of others', () => {
  it('is read where it is met, in a file and in a folder', async () => {
    // Eight by eight numbers behind a word.
    const format = `{
      name: 'plain', extensions: ['.plain'],
      sniff: (head) => String.fromCharCode(...head.slice(0, 5)) === 'plain',
      read: async (source) => ({ metadata: {}, tensors: [
        { name: 'h.0.attn.q_proj.weight', dtype: 'F32', shape: [8, 8], kind: 'linear', byteLength: 256,
          read: async (start = 0, end = 64) => new Float32Array(
            (await source.read(8 + 4 * start, 8 + 4 * end)).slice().buffer) },
      ] }),
    }`;
    write('project/plain.mjs', `export default ${format};`);
    write('project/formats.json', '{"formats": ["./plain.mjs"]}');
    const values = new Float32Array(64).map((_, i) => Math.sin(i * i));
    mkdirSync(join(root, 'given/folder'), { recursive: true });
    writeFileSync(
      join(root, 'given/folder/model.plain'),
      Buffer.concat([Buffer.from('plain   '), Buffer.from(values.buffer)]),
    );
    for (const model of ['../given/folder/model.plain', '../given/folder']) {
      const { code, stdout, stderr } = await alphaloraIn(
        folder,
        ...[
          'analyze',
          model,
          '--config',
          'formats.json',
          '--no-cache',
          '--bootstrap',
          '0',
          '--json',
        ],
      );
      expect(code, stderr).toBe(0);
      const { matrices } = JSON.parse(stdout) as Analysis;
      expect(matrices.map(({ name }) => name)).toEqual(['h.0.attn.q_proj.weight']);
    }
  });
});

describe('a format of others', () => {
  it.each([
    ['by path', ['--to', './lines.mjs']],
    ['of the configuration', ['--to', 'lines', '--config', 'lines.json']],
  ])('%s', async (_, args) => {
    write('project/lines.json', '{"exporters": ["./lines.mjs"]}');
    const document = join(root, 'given/analysis.json');
    const { stdout, stderr } = await alphaloraIn(folder, 'export', document, ...args);
    expect(stdout, stderr).toBe('h.0.w.weight\n');
  });
});

describe('a source of others', () => {
  it('opens the addresses of its scheme', async () => {
    // Another name for a path on this machine, by the package that reads those.
    const built = '../../../packages/checkpoint/dist/node/index.js';
    const checkpoint = new URL(built, import.meta.url).href;
    write(
      'project/here.mjs',
      `import { openCheckpoint } from ${JSON.stringify(checkpoint)};
      export default { name: 'here', form: 'here://path', connection: 'none',
        open: async (address, { splitFused }) =>
          ({ checkpoint: await openCheckpoint(address.slice('here://'.length), { splitFused }) }) };`,
    );
    write('project/sources.json', '{"sources": ["./here.mjs"]}');
    const { code, stdout, stderr } = await alphaloraIn(
      folder,
      ...['inspect', `here://${demoModel}`, '--config', 'sources.json', '--json'],
    );
    expect(code, stderr).toBe(0);
    const inspected = await alphaloraIn(folder, 'inspect', demoModel, '--json');
    expect(JSON.parse(stdout).tensors).toEqual(JSON.parse(inspected.stdout).tensors);
  });
});

describe('a router, a loss and a task of others', () => {
  it('train an adapter, which is evaluated where they are named', async () => {
    const model = writeLanguageModel(join(root, 'given/model'));
    write(
      'project/even.mjs',
      `export default { name: 'even', create: () => ({
        name: 'even', trainsExperts: true,
        tensors: ({ inputs, ranks }) =>
          [{ suffix: '', shape: [inputs, ranks.length], initial: { fanIn: inputs } }],
        route({ x, projection, tensors }) {
          const logits = x.matMul(tensors[projection.name + '.router']);
          const probabilities = logits.softmax();
          return { logits, probabilities, gates: probabilities };
        },
      }) };`,
    );
    write(
      'project/flat.mjs',
      `export default { name: 'flat', loss: (routings) =>
        routings.map(({ gates }) => gates.square().mean()).reduce((a, b) => a.add(b)) };`,
    );
    write(
      'project/lines.task.mjs',
      `export default { name: 'lines', summary: 'a text on each line', files: { train: [['train.txt']] },
        parse: (text) => text.trim().split('\\n').map((line) =>
          ({ prompt: line.slice(0, 4), completion: line.slice(4) })) };`,
    );
    write('given/train.txt', 'the cat sat on the mat.\n'.repeat(8));
    write(
      'project/training.json',
      '{"routers": ["./even.mjs"], "losses": ["./flat.mjs"], "tasks": ["./lines.task.mjs"]}',
    );
    const plan = join(root, 'given/plan');
    const planned = await alphaloraIn(root, 'plan', model, '--total', '6', '-o', plan);
    expect(planned.code, planned.stderr).toBe(0);
    const data = ['--task', 'lines', '--data', join(root, 'given/train.txt'), '--backend', 'wasm'];
    const adapter = join(root, 'given/adapter');
    const trained = await alphaloraIn(
      folder,
      ...['train', model, '--allocation', join(plan, 'allocation.json'), ...data, '--steps', '3'],
      ...['--config', 'training.json', '--router', 'even', '--router-loss', 'flat=0.1'],
      ...['-o', adapter],
    );
    expect(trained.code, trained.stderr).toBe(0);
    const score = ['evaluate', model, ...data, '--adapter', adapter, '--json'];
    const known = await alphaloraIn(folder, ...score, '--config', 'training.json');
    expect(known.code, known.stderr).toBe(0);
    expect(JSON.parse(known.stdout).examples).toBe(8);
    // Without the router nobody knows what the adapter does.
    const { code, stderr } = await alphaloraIn(
      folder,
      ...score.map((each) => (each === 'lines' ? './lines.task.mjs' : each)),
    );
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/unknown router "even": choose one of top-k/);
  });
});

describe('what is wrong with one', () => {
  const bad = async (text: string, ...args: string[]): Promise<string> => {
    write('project/bad.mjs', text);
    const { code, stderr } = await alphaloraIn(
      folder,
      ...['analyze', demoModel, '--estimator', './bad.mjs', '--no-cache', ...args],
    );
    expect(code).not.toBe(0);
    return stderr;
  };

  it.each([
    ['export default 3', /^error: estimator \.\/bad\.mjs is no estimator, which is an object$/m],
    ['export default { fit() {} }', /is no estimator: its name must be a text/],
    ['export default { name: "x" }', /is no estimator: its fit must be a function/],
    ['export const x = 1', /has no default export; it exports x/],
    ['throw new Error("no")', /could not be loaded: no/],
    ['export default { name: "hill", fit() {} }', /the name "hill" is taken by another estimator/],
    ['process.exit(0)', /ended the thread that it runs in while it was loaded/],
  ])('%s is told', async (text, message) => {
    expect(await bad(text)).toMatch(message);
  });

  it('one that throws while it is used is named', async () => {
    const text =
      'export default { name: "thrower", fit() { throw new TypeError("no fit today"); } }';
    expect(await bad(text)).toMatch(/^error: .*estimator thrower failed: no fit today$/m);
  });

  it.each([
    ['ends the process', 'process.exit(0)', /calls process\.exit|worker exited/],
    ['answers no fit', 'return { alpha: "2" }', /estimator bad answered a fit whose alpha is 2/],
    ['answers nothing', '', /estimator bad answered a fit whose alpha is undefined/],
  ])('one that %s while it is used leaves no file', async (_, body, message) => {
    const text = `export default { name: "bad", fit() { ${body} } }`;
    expect(await bad(text, '--bootstrap', '0', '-o', 'made.json')).toMatch(message);
    expect(existsSync(join(folder, 'made.json'))).toBe(false);
  });

  it('what one prints does not mix with the result', async () => {
    const text = estimator.replace('=> ({', '=> (console.log("hello"), {');
    write('project/talks.mjs', `export default ${text};`);
    const { stdout, stderr } = await alphaloraIn(
      folder,
      ...['analyze', demoModel, '--estimator', './talks.mjs', ...quick],
    );
    expect(JSON.parse(stdout).kind).toBe('analysis');
    expect(stderr).toContain('hello');
  });

  it.each([
    ['a path', "{ files: { '../evil': 'x' }, notes: [] }", /"\.\.\/evil", which is no name/],
    ['no files', '{ files: {}, notes: [] }', /answered without files/],
    ['no notes', "{ files: 'x' }", /answered without a list of notes/],
    ['a number', '5', /answered without/],
  ])('a format that answers %s writes nothing', async (_, answer, message) => {
    write(
      'project/strange.mjs',
      `export default { name: 'strange', kinds: ['analysis'], export: () => (${answer}) };`,
    );
    const { code, stderr } = await alphaloraIn(
      folder,
      ...['export', '../given/analysis.json', '--to', './strange.mjs', '-o', '../made/out/'],
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(root, 'made'))).toBe(false);
  });

  it('one that loops for ever is ended by an interruption', async () => {
    write('project/loops.mjs', 'export default { name: "loops", fit() { for (;;); } };');
    const { child, outcome } = start(
      ['analyze', demoModel, '--estimator', './loops.mjs', '--no-cache', '--bootstrap', '0'],
      { cwd: folder },
    );
    await sleep(3000);
    child.kill('SIGINT');
    expect((await outcome).code).toBe(130);
  });

  it('one that does not come to an end is ended while it is loaded', async () => {
    expect(await bad('for (;;);', '--policy-timeout', '1')).toMatch(/was not loaded within 1 s/);
  });

  it('a name that is nowhere lists what there is, those of the configuration too', async () => {
    write('project/seven.json', '{"estimators": ["./seven.mjs"]}');
    const { code, stderr } = await alphaloraIn(
      folder,
      ...['analyze', demoModel, '--config', 'seven.json', '--estimator', 'no-such-one'],
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/unknown estimator "no-such-one": choose one of fix-finger, .*, seven/);
  });
});

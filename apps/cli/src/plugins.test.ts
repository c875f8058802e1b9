/** Policies of others in the built program: sound ones, and all the ways to be a bad one. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PolicyComparison } from '@alphalora/allocator/comparison';
import type { Allocation } from '@alphalora/contracts';
import { formatDocument } from '@alphalora/documents';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describeUnless, posixLacks } from '@alphalora/testing/lacking';
import { programIn } from '@alphalora/testing/program';
import { programFile } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';

const root = temporaryFolder('plugins');
const { start, alphalora, alphaloraIn } = programIn(root);

function write(path: string, text: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
  return path;
}

/** A policy in proportion to the score, where `body` does not return anything else. */
const policy = (body = '', { name = 'bad', more = '' } = {}): string => `{
  name: '${name}', version: '1.0.0', apiVersion: 1,
  traits: { resources: ['experts'], answer: 'weights' },
  allocate({ layers, options }) { ${body}; return { weights: layers.map(({ score }) => score) }; },
  ${more}
}`;
const plugin = (body?: string, more?: Parameters<typeof policy>[1]): string =>
  `export default ${policy(body, more)};`;

// Of 12 experts, in proportion to the score: 2, 4 and 6.
write('scores.json', '[1, 2, 3]');
const job = ['allocate', '--scores', 'scores.json', '--total', '12'];

const doubled = '{ const w = layers.map(({ score }) => score ** 2); return { weights: w }; }';
write('squared.mjs', plugin(doubled, { name: 'squared' }));
write(
  'node_modules/alphalora-policy-even/package.json',
  '{"type": "module", "exports": {"import": "./index.js"}}',
);
write(
  'node_modules/alphalora-policy-even/index.js',
  plugin('return { weights: layers.map(() => 1) }', { name: 'even' }),
);

async function experts(folder: string, ...args: string[]): Promise<number[]> {
  const { code, stdout, stderr } = await alphaloraIn(folder, ...args, '--json');
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as Allocation).experts;
}

describe('a policy', () => {
  // 12 / (1 + 4 + 9) of 1, 4 and 9: 0.86, 3.43 and 7.71, and at least one each.
  it('by path', async () => {
    expect(await experts(root, ...job, '--policy', './squared.mjs')).toEqual([1, 3, 8]);
  });

  it('by the name of a package', async () => {
    expect(await experts(root, ...job, '--policy', 'alphalora-policy-even')).toEqual([4, 4, 4]);
  });

  it('of the configuration, by its name, or as the default with its options', async () => {
    mkdirSync(join(root, 'configured'));
    const schema = `options: { '~standard': { version: 1, vendor: 'x',
      validate: ({ power = 1 }) => ({ value: { power } }) } }`;
    const body = 'return { weights: layers.map(({ score }) => score ** options.power) }';
    const own = policy(body, { name: 'power', more: schema });
    write(
      'configured/alphalora.config.mjs',
      `export default { policies: [${own}, '../squared.mjs', 'alphalora-policy-even'],
        policy: 'power', set: { power: 0 } };`,
    );
    write('configured/package.json', '{}');
    write('given/scores.json', '[1, 2, 3]');
    const folder = join(root, 'configured');
    const given = ['allocate', '--scores', '../given/scores.json', '--total', '12'];
    expect(await experts(folder, ...given)).toEqual([4, 4, 4]);
    expect(await experts(folder, ...given, '--set', 'power=1')).toEqual([2, 4, 6]);
    expect(await experts(folder, ...given, '--policy', 'squared')).toEqual([1, 3, 8]);
    expect(await experts(folder, ...given, '--policy', 'even')).toEqual([4, 4, 4]);
    const config = join('configured', 'alphalora.config.mjs');
    expect(await experts(root, ...job, '--config', config)).toEqual([4, 4, 4]);
    const { outcome: named } = start([...job, '--json'], { env: { ALPHALORA_CONFIG: config } });
    const { stdout: text, stderr } = await named;
    expect((JSON.parse(text) as Allocation).experts).toEqual([4, 4, 4]);
    expect(stderr).toBe(`configuration: ${join(root, config)}\n`);

    const { stdout } = await alphaloraIn(folder, 'policy', 'list', '--json');
    const list = JSON.parse(stdout) as Array<{ name: string; from: string }>;
    expect(list.slice(-3).map(({ name, from }) => [name, from])).toEqual([
      ['power', './alphalora.config.mjs'],
      ['squared', '../squared.mjs'],
      ['even', 'alphalora-policy-even'],
    ]);
    expect(list.map(({ name }) => name).slice(0, 3)).toEqual(['alphalora', 'uniform', 'mola']);
    const info = await alphaloraIn(folder, 'policy', 'info', 'power');
    expect(info.stdout).toContain('power=1 (its defaults');
    expect(info.stdout).toContain('power=0 (by the configuration)');
  });

  it('says its rule in words', async () => {
    const more = "describe: ({ layer }) => 'by the score of each ' + layer";
    write('described.mjs', plugin('', { name: 'described', more }));
    const { outcome: running } = start([...job, '--policy', './described.mjs', '--json']);
    const { policy: said } = JSON.parse((await running).stdout) as Allocation;
    expect(said).toMatchObject({ name: 'described', rule: 'by the score of each block' });
  });

  it('of the configuration has its options in each command that means it', async () => {
    const schema = `options: { '~standard': { version: 1, vendor: 'x', validate: (given) => ({ value: given }) } }`;
    const body = 'return { weights: layers.map(({ score }) => score ** options.power) }';
    write('set/own.mjs', plugin(body, { name: 'own', more: schema }));
    write(
      'set/alphalora.config.json',
      '{ "policies": ["./own.mjs"], "policy": "own", "set": { "power": 0 } }',
    );
    const blocks = [{ alpha: 1 }, { alpha: 2 }, { alpha: 3 }];
    const rows = blocks.map(({ alpha }, i) => measuredRow(`h.${i}.w.weight`, alpha));
    write('given/analysis.json', formatDocument(analysisOf(rows, blocks)));
    write('set/package.json', '{}');
    const folder = join(root, 'set');
    const compare = ['compare', '../given/analysis.json', '--total', '12', '--json', '--policies'];
    const { stdout, stderr } = await alphaloraIn(
      folder,
      ...compare,
      'own,own:power=1,./own.mjs:power=1',
    );
    expect(stderr).toBe(`configuration: ${join(folder, 'alphalora.config.json')}\n`);
    const { policies } = JSON.parse(stdout) as PolicyComparison;
    expect(policies.map(({ label, amounts }) => [label, amounts])).toEqual([
      ['own:power=0', [4, 4, 4]],
      ['own:power=1 (own:power=1)', [2, 4, 6]],
      ['own:power=1 (./own.mjs:power=1)', [2, 4, 6]],
    ]);
    // Without its power the policy would answer NaN; the schema is not strict.
    const check = await alphaloraIn(folder, 'policy', 'check', 'own');
    expect(check.stdout).toMatch(/^failed {3}unknown option: the schema accepts/m);
    expect(check.stdout).toContain(' 1 failed,');
    // The configuration may be meant by path, too.
    write('set/by-path.json', '{ "policy": "./own.mjs", "set": { "power": 0 } }');
    const made = await alphaloraIn(
      ...([folder, 'allocate', '../given/analysis.json', '--total', '12', '--json'] as const),
      ...['--config', 'by-path.json', '--policy', 'own.mjs'],
    );
    expect(JSON.parse(made.stdout)).toMatchObject({
      policy: { name: 'own', options: { power: 0 }, from: './own.mjs' },
      experts: [4, 4, 4],
    });
    const other = await alphaloraIn(folder, 'allocate', '../given/analysis.json', '--unit', 'bits');
    expect([other.code, other.stderr]).toEqual([
      2,
      `configuration: ${join(folder, 'alphalora.config.json')}\n` +
        'error: policy own, which the configuration chose, is for experts, not for bits: ' +
        '--policy names another, such as alphaq\n',
    ]);
  });

  it('is named in the document by where it came from, unless its name leads there', async () => {
    const from = async (...args: string[]): Promise<unknown> => {
      const { stdout } = await alphalora(...job, ...args, '--json');
      return (JSON.parse(stdout) as Allocation).policy.from;
    };
    expect(await from('--policy', join(root, 'squared.mjs'))).toBe('./squared.mjs');
    expect(await from('--policy', 'alphalora-policy-even')).toBe('alphalora-policy-even');
    expect(await from('--policy', 'uniform')).toBeUndefined();
    write('inline.mjs', `export default { policies: [${policy('', { name: 'inline' })}] };`);
    expect(await from('--config', 'inline.mjs', '--policy', 'inline')).toBeUndefined();
  });

  it('prints to stderr, whatever it prints', async () => {
    write('talks.mjs', plugin('console.log("from a policy"); process.stdout.write("raw\\n")'));
    const { code, stdout, stderr } = await alphalora(...job, '--policy', './talks.mjs', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ experts: [2, 4, 6] });
    expect(stderr).toContain('from a policy\nraw\n');
    expect(stderr).not.toContain('ExperimentalWarning');
  });
});

const late = (what: string): RegExp =>
  new RegExp(`^error: policy ${what} within 1 s; --policy-timeout allows more\n$`);

describe.concurrent('a bad policy', () => {
  const bad: Array<[what: string, code: number, text: string, message: RegExp | string]> = [
    ['throws', 1, plugin('throw new Error("boom")'), 'policy bad failed: boom'],
    ['throws nothing', 1, plugin('throw undefined'), 'policy bad failed: undefined'],
    ['rejects', 1, plugin('return Promise.reject(new Error("boom"))'), 'policy bad failed: boom'],
    [
      'answers NaN',
      1,
      plugin('return { weights: [1, NaN, 1] }'),
      /^error: policy bad failed: weights must be finite .*, and block 1 has NaN; is a field misspelt\?/,
    ],
    [
      'answers too little',
      1,
      plugin('return { weights: [1] }'),
      'policy bad failed: it must return { weights: [one number for each of 3 layers] }, and there are 1 numbers',
    ],
    ['answers nothing', 1, plugin('return'), /^error: policy bad failed: it must return/],
    ['never settles', 1, plugin('return new Promise(() => {})'), late('bad gave no answer')],
    ['never returns', 1, plugin('for (;;);'), late('bad gave no answer')],
    ['never finishes loading', 1, 'for (;;);', late('\\S+ was not loaded')],
    ['waits while loading', 1, 'await new Promise(() => {})', late('\\S+ was not loaded')],
    [
      'exits',
      1,
      plugin('process.exit(0)'),
      /^error: policy bad ended the thread .* process\.exit\?/,
    ],
    ['exits while loading', 1, 'process.exit(0)', /^error: policy \S+ ended the thread .* loaded/],
    [
      'leaves a rejection behind',
      1,
      plugin('Promise.reject(new Error("stray"))'),
      'policy bad failed outside of what it was asked: stray',
    ],
    [
      'throws from a timer',
      1,
      plugin('setTimeout(() => { throw new Error("late") }); return new Promise(() => {})'),
      'policy bad failed outside of what it was asked: late',
    ],
    [
      'is for another interface',
      2,
      plugin().replace('apiVersion: 1', 'apiVersion: 2'),
      /: policy bad: apiVersion must be 1, .*, not 2\n$/,
    ],
    ['is no policy', 2, 'export default 5;', /a policy must be an object, not 5\n$/],
    [
      'is not exported',
      2,
      `export const mine = ${policy()};`,
      /^error: policy \S+ has no default export; it exports mine\n$/,
    ],
    [
      'throws while loading',
      2,
      'throw new Error("no")',
      /^error: policy \S+ could not be loaded: no\n$/,
    ],
    [
      'misses a package',
      2,
      `import 'not-installed';\n${plugin()}`,
      /^error: policy \S+ could not be loaded: Cannot find package 'not-installed'/,
    ],
    [
      'makes of options what no document can hold',
      1,
      plugin('', {
        more: "options: { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: { f() {} } }) } }",
      }),
      /^error: policy bad: what its schema makes of the options is no plain data\n/,
    ],
  ];

  it.each(bad)('that %s', async (what, expected, text, message) => {
    const file = write(`bad/${what.replaceAll(' ', '-')}.mjs`, text);
    const output = `${file}.json`;
    const { code, stdout, stderr } = await alphalora(
      ...[...job, '--policy', `./${file}`, '--policy-timeout', '1', '-o', output],
    );
    if (typeof message === 'string') expect(stderr).toBe(`error: ${message}\n`);
    else expect(stderr).toMatch(message);
    expect([code, stdout, existsSync(join(root, output))]).toEqual([expected, '', false]);
  });
});

describe('a reference that leads nowhere', () => {
  it.each([
    ['./gone.mjs', /^error: policy \.\/gone\.mjs does not exist: there is no file /],
    [
      '@scope/gone',
      /^error: no package @scope\/gone can be found from .*: npm install @scope\/gone\n$/,
    ],
    [
      'alphalor',
      /^error: unknown policy "alphalor": did you mean alphalora\? choose one of alphalora, .*; no package/,
    ],
    ['farms', /^error: farms is no policy but a way to measure alpha/],
  ])('%s is wrong usage', async (reference, message) => {
    const { code, stdout, stderr } = await alphalora(...job, '--policy', reference);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });
});

describe('a bad configuration', () => {
  it.each([
    [
      'uses a name that is built in',
      [policy('', { name: 'mola' })],
      /policy mola .* has the name of another: a built-in one\n$/,
    ],
    ['uses a name twice', [policy(), policy()], /policy bad .* has the name of another/],
    ['has what is no policy', ['{}'], /policies\[0\]: the name of a policy must be/],
    [
      'names what is not there',
      ["'./gone.js'"],
      /^error: configuration [^:]+: policy \.\/gone\.js does not exist/,
    ],
    [
      'names what is not installed',
      ["'gone'"],
      /^error: configuration [^:]+: no package gone can be found/,
    ],
  ])('that %s is an error', async (what, policies, message) => {
    const file = write(`${what}.mjs`, `export default { policies: [${policies.join(', ')}] };`);
    const { code, stdout, stderr } = await alphalora('policy', 'list', '--config', file);
    expect(stderr.replace(/^configuration: .*\n/, '')).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
  });

  it.each([
    ['a model', ['allocate', '.']],
    ['a document', ['allocate', 'analysis.json']],
    ['a document further down', ['allocate', 'results/analysis.json']],
    ['scores', ['allocate', '--scores', 'scores.json']],
    ['documents to compare', ['compare', 'analysis.json', '--policies', 'uniform,alphalora']],
    ['a model to plan', ['plan', '.', '-o', join(root, 'plan')]],
    ['an adapter', ['plan', join(root, 'elsewhere'), '--adapter', '.', '-o', join(root, 'plan')]],
  ])('that came with %s is not run', async (_, args) => {
    write('downloaded/package.json', '{ "alphalora": { "config": "alphalora.config.js" } }');
    write('downloaded/alphalora.config.js', 'throw new Error("it was run")');
    const rows = [measuredRow('h.0.w.weight', 2)];
    const document = formatDocument(analysisOf(rows, [{ alpha: 2 }]));
    write('downloaded/analysis.json', document);
    write('downloaded/results/analysis.json', document);
    write('downloaded/scores.json', '[1, 2, 3]');
    const { stderr } = await alphaloraIn(join(root, 'downloaded'), ...args);
    expect(stderr).toContain('note: alphalora.config.js may have come with ');
    expect(stderr).toContain('--config alphalora.config.js would use it');
    expect(stderr).not.toContain('it was run');
    const named = [...args, '--config', 'alphalora.config.js'];
    expect((await alphaloraIn(join(root, 'downloaded'), ...named)).stderr).toContain('it was run');
  });
});

describeUnless(posixLacks, 'what stdin or a descriptor brings', () => {
  const lines = [
    'allocate - < analysis.json',
    'allocate /dev/fd/3 3< analysis.json',
    'allocate <(cat analysis.json)',
    'allocate --scores - < scores.json',
    'compare --policies uniform,alphalora - < analysis.json',
  ];

  it.each(lines)('runs no configuration that lies by it: %s', (line) => {
    write('piped/package.json', '{}');
    write('piped/alphalora.config.mjs', 'throw new Error("it was run")');
    write('piped/scores.json', '[1, 2, 3]');
    const rows = [measuredRow('h.0.w.weight', 2)];
    write('piped/analysis.json', formatDocument(analysisOf(rows, [{ alpha: 2 }])));
    const shell = (env: NodeJS.ProcessEnv) =>
      spawnSync('bash', ['-c', `"$NODE" "$MAIN" ${line}`], {
        cwd: join(root, 'piped'),
        encoding: 'utf8',
        env: { ...process.env, NODE: process.execPath, MAIN: programFile, ...env },
      });
    const { status, stderr } = shell({});
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('note: alphalora.config.mjs may have come with what ');
    expect(stderr).toContain('it is not run; --config alphalora.config.mjs would use it');
    expect(shell({ ALPHALORA_CONFIG: 'alphalora.config.mjs' }).stderr).toContain('it was run');
  });
});

describe('policy check', () => {
  it('says what fails, and ends with 1', async () => {
    write(
      'claims.mjs',
      plugin('return { weights: layers.map(({ index }) => 1 + index) }').replace(
        "answer: 'weights'",
        "answer: 'weights', equivariant: true",
      ),
    );
    const { code, stdout } = await alphalora('policy', 'check', './claims.mjs');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed {3}equivariance: experts: layer \d gets/m);
    expect(stdout).toMatch(/^skipped {2}seed: traits\.seeded is not claimed$/m);
    expect(stdout).toMatch(/^policy bad: \d+ passed, 1 failed, 3 skipped$/m);
  });

  it('says once what is behind many checks that were not made', async () => {
    const { code, stdout } = await alphalora('policy', 'check', 'mola', '--set', 'shape=round');
    expect([code, stdout.split('\n').length]).toEqual([1, 6]);
    expect(stdout).toMatch(/^failed {3}options: the options \{"shape":"round"\} are refused/m);
    expect(stdout).toMatch(/^skipped {2}21 more, which rest on "options"$/m);
  });

  it('reports a promise that never settles as a check, and ends what never returns', async () => {
    write('hangs.mjs', plugin('return new Promise(() => {})'));
    const hanging = await alphalora('policy', 'check', './hangs.mjs', '--policy-timeout', '1');
    expect(hanging.stdout).toContain('failed   settles: experts: no answer within 1000 ms');
    write('loops.mjs', plugin('for (;;);'));
    const looping = await alphalora('policy', 'check', './loops.mjs', '--policy-timeout', '1');
    expect([looping.code, looping.stdout]).toEqual([1, '']);
    expect(looping.stderr).toMatch(late('bad gave no answer'));
  });

  it('passes the built-in policies', async () => {
    const { code, stdout } = await alphalora('policy', 'check', 'mola', '--set', 'shape=diamond');
    expect([code, stdout.includes('0 failed')]).toEqual([0, true]);
  });
});

it('Ctrl-C ends a policy that does not', async () => {
  write('endless.mjs', plugin('process.stderr.write("asked\\n"); for (;;);'));
  const { child, outcome } = start([...job, '--policy', './endless.mjs']);
  // From then on the thread is in the loop; what it prints arrives only from outside of it.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  child.kill('SIGINT');
  expect(await outcome).toMatchObject({ code: 130, stdout: '' });
});

it('ALPHALORA_DEBUG shows where a policy failed', async () => {
  write('deep.mjs', plugin('throw new Error("boom", { cause: new Error("underneath") })'));
  const args = [...job, '--policy', './deep.mjs'];
  const { stderr } = await alphalora(...args);
  expect(stderr).toBe('error: policy bad failed: boom\ncaused by: underneath\n');
  const debug = await start(args, { env: { ALPHALORA_DEBUG: '1' } }).outcome;
  expect(debug.stderr).toMatch(/^ {4}at .*deep\.mjs:\d+:\d+/m);
});

/** Models with several stacks of blocks, from the file to what is exported. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeValues, serializeSafetensors } from '@alphalora/checkpoint';
import type { Allocation, Analysis } from '@alphalora/contracts';
import { seededRandom } from '@alphalora/contracts/numbers';
import { temporaryFolder } from '@alphalora/testing/folders';
import { expect, it } from 'vitest';
import { alphalora } from './test-support/in-process.js';

const folder = temporaryFolder('stacks');

function tensor(name: string, side: number) {
  const random = seededRandom(side, name);
  const values = Float32Array.from({ length: side * side }, () => random() - 0.5);
  return { name, shape: [side, side], dtype: 'F32', bytes: encodeValues(values, 'F32') } as const;
}

function model(name: string, weights: readonly string[], config: object): string {
  const path = join(folder, name);
  mkdirSync(path);
  const tensors = weights.map((weight) => tensor(weight, 48));
  writeFileSync(join(path, 'model.safetensors'), Buffer.concat(serializeSafetensors({ tensors })));
  writeFileSync(join(path, 'config.json'), JSON.stringify(config));
  return path;
}

const list = (name: string, blocks: number, modules: readonly string[]): string[] =>
  Array.from({ length: blocks }, (_, block) =>
    modules.map((module) => `${name}.${block}.${module}.weight`),
  ).flat();

const measuring = ['--no-cache', '--draws', '0', '--metrics', 'none', '--jobs', '1'];
const attention = ['self_attn.q_proj', 'self_attn.o_proj'];
const tower = model(
  'tower',
  [
    ...list('visual.blocks', 3, ['attn.qkv']),
    ...list('model.layers', 2, attention),
    'lm_head.weight',
  ],
  { architectures: ['AnyVL'], text_config: { num_hidden_layers: 2 } },
);
const t5 = model(
  't5',
  [
    ...list('decoder.block', 2, ['layer.0.q', 'layer.1.q']),
    ...list('encoder.block', 1, ['layer.0.q']),
  ],
  { is_encoder_decoder: true, num_layers: 1, num_decoder_layers: 2 },
);

const analysed = async (path: string, ...argv: string[]): Promise<Analysis> => {
  const { code, stdout, stderr } = await alphalora(
    'analyze',
    path,
    ...measuring,
    ...argv,
    '--json',
  );
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

it('keeps a tower apart from the text model, and takes it where it is asked for', async () => {
  const file = join(folder, 'tower.json');
  const whole = await analysed(tower, '-o', file);
  expect(whole.model).toMatchObject({ blocks: 2, stack: 'model.layers' });
  expect(whole.blocks.map(({ matrices }) => matrices)).toEqual([2, 2]);
  expect(whole.stacks).toMatchObject([{ name: 'visual.blocks', blocks: [{}, {}, {}] }]);

  const main = await alphalora('allocate', file, '--unit', 'rank', '--json');
  expect(main.stderr).toMatch(
    /note: this is for the 2 blocks of model\.layers; --stack takes another: visual\.blocks \(3 blocks\)\n/,
  );
  const made = JSON.parse(main.stdout) as Allocation;
  expect(made.stack).toBe('model.layers');
  expect(made.projections!.every(({ name }) => name.startsWith('model.layers.'))).toBe(true);

  const other = await alphalora('allocate', file, '--unit', 'rank', '--stack', 'visual');
  expect(other.stdout).toMatch(/total rank 24 in 3 blocks of visual\.blocks /);
  expect(other.stderr).toMatch(
    /for the 3 blocks of visual\.blocks; --stack takes another: model\.layers \(2 blocks\)/,
  );

  const unknown = await alphalora('allocate', file, '--stack', 'audio');
  expect(unknown.stderr).toMatch(
    /"audio" is no stack of blocks: choose one of model\.layers, visual/,
  );
  expect(unknown.code).not.toBe(0);
});

it('measures one stack alone, as the main one', async () => {
  const whole = await analysed(tower);
  const alone = await analysed(tower, '--stack', 'visual');
  expect(alone.model).toMatchObject({ blocks: 3, stack: 'visual.blocks' });
  expect(alone.blocks.map(({ alpha }) => alpha)).toEqual(
    whole.stacks![0]!.blocks.map(({ alpha }) => alpha),
  );
  const skipped = alone.matrices.filter(({ status }) => status === 'skipped');
  expect(skipped.map(({ name }) => name).sort()).toEqual(
    [...list('model.layers', 2, attention), 'lm_head.weight'].sort(),
  );
  expect(
    skipped.every((row) => 'reason' in row && row.reason === 'not in a block of visual.blocks'),
  ).toBe(true);
  const { stdout } = await alphalora('plan', tower, '--dry-run', '--stack', 'visual', '--no-cache');
  expect(stdout).toMatch(/3 blocks/);
});

it('numbers an encoder and its decoder one after the other, also in the report and tables', async () => {
  const [file, allocation] = [join(folder, 't5.json'), join(folder, 't5-al.json')];
  const analysis = await analysed(t5, '-o', file);
  expect(analysis.blocks.map(({ stack }) => `${stack!.name} ${stack!.block}`)).toEqual([
    ...['encoder.block 0', 'decoder.block 0', 'decoder.block 1'],
  ]);
  const text = await alphalora('allocate', file, '--unit', 'rank', '-o', allocation);
  expect(text.stdout).toMatch(/encoder 0 .*\n *decoder 0 .*\n *decoder 1 /);
  const csv = await alphalora('export', allocation, '--to', 'csv');
  expect(csv.stdout.split('\n')[0]).toMatch(/^block,stack,stack_block,name/);
  expect(csv.stdout).toMatch(/\n1,decoder\.block,0,decoder\.block\.0\.layer\.0\.q\.weight,/);
  const page = join(folder, 't5.html');
  expect((await alphalora('report', file, allocation, '-o', page)).code).toBe(0);
  expect(readFileSync(page, 'utf8')).toMatch(/<th scope="row">decoder 1<\/th>/);
  const half = await alphalora('allocate', file, '--stack', 'decoder', '--json');
  expect((JSON.parse(half.stdout) as Allocation).blocks.map(({ index }) => index)).toEqual([0, 1]);
});

it('lists all stacks, and refuses a model of which blocks are missing', async () => {
  const { stdout } = await alphalora('inspect', tower);
  expect(stdout).toMatch(/\nmodel\.layers +2 +4 +9,216 +main\nvisual\.blocks +3 +3 +6,912\n/);
  const missing = model('missing', list('model.layers', 2, attention), { num_hidden_layers: 32 });
  const refused = await alphalora('inspect', missing);
  expect(refused.stderr).toMatch(/says 32 blocks \(num_hidden_layers\), and the files have 2/);
  const alone = await alphalora('inspect', join(missing, 'model.safetensors'));
  expect(alone.code, alone.stderr).toBe(0);
  const layers = [...list('model.layers', 1, attention), 'model.layers.2.self_attn.q_proj.weight'];
  const gap = await alphalora('inspect', model('gap', layers, { num_hidden_layers: 3 }));
  expect(gap.stderr).toMatch(/the files have 2 of model\.layers, without block 1: download/);
});

it('gives a block without projections nothing, and the others all', async () => {
  const names = list('model.layers', 3, attention).filter((name) => !name.includes('.1.'));
  const config = { model_type: 'nemotron-nas', num_hidden_layers: 3 };
  const nas = model('nas', names, config);
  const file = join(folder, 'nas.json');
  await analysed(nas, '-o', file);
  const made = join(folder, 'nas-al.json');
  const { code, stderr } = await alphalora('allocate', file, '--total', '8', '-o', made);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/note: block 1 gets nothing: it has no projections/);
  expect((JSON.parse(readFileSync(made, 'utf8')) as Allocation).experts[1]).toBe(0);
  for (const to of ['peft', 'guilomo', 'mola', 'axolotl', 'llama-factory', 'csv']) {
    const output = to === 'guilomo' ? ['-o', join(folder, to)] : [];
    const exported = await alphalora('export', made, '--to', to, ...output);
    expect(exported.code, to + exported.stderr).toBe(0);
  }
  const page = await alphalora('report', file, made, '-o', '-');
  expect(page.stdout).toMatch(/Block 1 gets nothing: it has no projections\./);
});

it('counts the blocks that there are, not their numbers', async () => {
  const other = ['visual.blocks.0.attn.qkv.weight', 'visual.blocks.7.attn.qkv.weight'];
  const path = model('numbers', [...other, ...list('model.layers', 2, attention)], {});
  const { stdout } = await alphalora('inspect', path);
  expect(stdout).toMatch(/\nvisual\.blocks +2 +2 /);
  const file = join(folder, 'numbers.json');
  await analysed(path, '-o', file);
  const { stderr } = await alphalora('allocate', file, '--unit', 'rank');
  expect(stderr).toMatch(/visual\.blocks \(2 blocks\)/);
});

it('measures names that are in no block, and allocates nothing for them', async () => {
  const names = [2, 3].map((layer) => `layer_0${layer}.self_attn.q_proj.weight`);
  const path = model('pipeline', names, { num_hidden_layers: 2 });
  const said = new RegExp(`says 2 blocks .*${names.join(', ')}.*convert the model`);
  expect((await alphalora('inspect', path)).stderr).toMatch(said);
  const file = join(folder, 'pipeline.json');
  const analysis = await analysed(path, '-o', file);
  expect(analysis.matrices.map(({ status }) => status)).toEqual(['ok', 'ok']);
  const refused = await alphalora('allocate', file);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toMatch(said);
});

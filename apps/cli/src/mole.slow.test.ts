/** `train --experts` of the built program: a gate over LoRAs that were trained before. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memorySource, readCheckpoint } from '@alphalora/checkpoint';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { beforeAll, describe, expect, it } from 'vitest';

const root = temporaryFolder('mole');
const { alphalora } = programIn(root);
const model = writeLanguageModel(join(root, 'model'));
const sentences = { cat: 'the cat sat on the mat.', dog: 'a dog ran up to my car.' };
const data = (name: string) => ['--task', 'text', '--data', join(root, `${name}.jsonl`)];
const common = ['--backend', 'wasm', '--learning-rate', '0.02', '--json'];
const one = ['--allocation', join(root, 'one', 'allocation.json')];
const experts = [join(root, 'cat'), join(root, 'dog')];
const gate = ['train', model, '--experts', ...experts, ...data('both'), ...common];

beforeAll(async () => {
  const lines = (...texts: string[]) =>
    Array.from({ length: 8 }, () => texts.map((text) => `${JSON.stringify({ text })}\n`)).flat();
  writeFileSync(join(root, 'cat.jsonl'), lines(sentences.cat).join(''));
  writeFileSync(join(root, 'dog.jsonl'), lines(sentences.dog).join(''));
  writeFileSync(join(root, 'both.jsonl'), lines(sentences.cat, sentences.dog).join(''));
  // One expert a block: a LoRA.
  await done('plan', model, '--total', '3', '-o', join(root, 'one'));
  for (const name of ['cat', 'dog']) {
    const folder = join(root, name);
    await done('train', model, ...one, ...data(name), ...common, '--steps', '12', '-o', folder);
  }
  // One of them as PEFT would have written it.
  const config = join(root, 'dog', 'adapter_config.json');
  const { molora: _, ...peft } = JSON.parse(readFileSync(config, 'utf8'));
  writeFileSync(config, JSON.stringify(peft));
});

async function done(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await alphalora(...argv);
  expect(code, stderr).toBe(0);
  return stdout;
}

const metrics = (folder: string): Array<{ loss: number; gradientNorm: number }> =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

async function tensorsOf(folder: string): Promise<Map<string, ArrayLike<number>>> {
  const file = join(folder, 'adapter_model.safetensors');
  const config = join(folder, 'adapter_config.json');
  const source = (path: string) => memorySource(Uint8Array.from(readFileSync(path)), path);
  const { tensors } = await readCheckpoint({ files: [source(file)], config: source(config) });
  return new Map(
    await Promise.all(
      tensors.map(async ({ name, read }) => [name, await read()] as [string, ArrayLike<number>]),
    ),
  );
}

describe('train --experts', () => {
  const output = join(root, 'mixture');

  it('trains a gate over adapters of ours and of PEFT, which stay as they are', async () => {
    const summary = JSON.parse(await done(...gate, '--steps', '16', '-o', output));
    const mixture = await tensorsOf(output);
    const parts = await Promise.all(experts.map(tensorsOf));
    for (const [name, values] of parts[0]!) {
      // MoLA's names have the expert's number behind the factor.
      for (const [e, part] of parts.entries())
        expect(mixture.get(name.replace('.weight', `_${e}.weight`))).toEqual(part.get(name));
      expect(values).not.toEqual(parts[1]!.get(name));
    }
    // Of every projection [outputs, 2 * 2] and a temperature: q k v o gate up down, in three blocks.
    expect(summary.trainable).toBe(3 * (4 * (24 + 12 + 12 + 24 + 32 + 32 + 24) + 7));
    const steps = metrics(output);
    expect(steps.every(({ gradientNorm }) => gradientNorm > 0)).toBe(true);
    const mean = (of: typeof steps) => of.reduce((sum, { loss }) => sum + loss, 0) / of.length;
    expect(mean(steps.slice(8))).toBeLessThan(mean(steps.slice(0, 8)));
  });

  it('leaves what evaluate and generate use, better on both texts than either LoRA', async () => {
    const loss = async (...adapter: string[]): Promise<number> => {
      const more = [...data('both'), '--split', 'train', '--backend', 'wasm', '--json'];
      return JSON.parse(await done('evaluate', model, ...more, ...adapter)).loss;
    };
    const mixed = await loss('--adapter', output);
    for (const folder of experts) expect(mixed).toBeLessThan(await loss('--adapter', folder));
    const told = await done(
      ...['generate', model, '--adapter', output, '--prompt', 'the', '--max-tokens', '4', '--json'],
    );
    expect(JSON.parse(told).text).toMatch(/^the/);
  });

  it('resumes with the experts that it began with, and no others', async () => {
    await done(...gate, '--steps', '16', '-o', output, '--resume');
    const twice = [experts[0]!, experts[0]!];
    const others = ['train', model, '--experts', ...twice, ...data('both')];
    const again = await alphalora(...others, ...common, '--steps', '16', '-o', output, '--resume');
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/experts are not those .*--experts/);
    // New experts learn, but not what they are scaled by.
    const scaled = ['train', model, ...one, ...data('cat'), ...common, '--lora-alpha', '8'];
    const other = await alphalora(...scaled, '--steps', '12', '-o', join(root, 'cat'), '--resume');
    expect([other.code, other.stderr]).toEqual([2, expect.stringMatching(/scalings/)]);
  });

  it('ends without an adapter where the experts were never trained', async () => {
    // Of a mixture of LoRAs whose B is zero the gate has no gradient.
    const blank = join(root, 'blank');
    const never = join(root, 'nothing');
    await done(
      ...['train', model, ...one, ...data('cat')],
      ...common.slice(0, 2),
      '--steps',
      '1',
      '--learning-rate',
      '1e-45',
      '-o',
      blank,
    );
    const run = ['train', model, '--experts', blank, blank, ...data('both'), ...common];
    const { code, stderr } = await alphalora(...run, '--steps', '2', '-o', never);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/gradient norm 0, .*no effect on the loss/),
    ]);
    expect(existsSync(join(never, 'adapter_model.safetensors'))).toBe(false);
  });
});

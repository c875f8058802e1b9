/** What `train`, `evaluate` and `generate` tell, before they work where that is possible. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { writeLanguageModel } from '@alphalora/testing/language-model';
import { programIn } from '@alphalora/testing/program';
import { beforeAll, describe, expect, it } from 'vitest';

const root = temporaryFolder('limits');
const { alphalora, start } = programIn(root);
const model = writeLanguageModel(join(root, 'model'));
const allocation = join(root, 'plan', 'allocation.json');
const output = join(root, 'never');
const wasm = ['--backend', 'wasm'];

/** A data set of one sentence after the other. */
function sentences(name: string, texts: readonly string[]): string[] {
  const file = join(root, name);
  writeFileSync(file, texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  return ['--task', 'text', '--data', file, ...wasm];
}
const task = sentences('cats.jsonl', new Array<string>(16).fill('the cat sat on the mat.'));

beforeAll(async () => {
  const planned = await alphalora('plan', model, '--total', '6', '-o', join(root, 'plan'));
  expect(planned.code, planned.stderr).toBe(0);
});

describe('a weight that is NaN', () => {
  const name = 'model.layers.1.mlp.up_proj.weight';
  const damaged = writeLanguageModel(join(root, 'damaged'), { damaged: name });
  it.each([
    ['train', ['--allocation', allocation, ...task, '-o', output]],
    ['evaluate', task],
    ['generate', ['--prompt', 'the cat', ...wasm]],
  ])('is named by %s', async (command, options) => {
    const { code, stdout, stderr } = await alphalora(command, damaged, ...options);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`${name} has NaN at [0, 0]`);
    expect(existsSync(output)).toBe(false);
  });
});

describe('positions', () => {
  it('that a prompt does not leave are told', async () => {
    const prompt = 'the cat '.repeat(8);
    const full = await alphalora('generate', model, '--prompt', prompt, ...wasm);
    expect([full.code, full.stdout]).toEqual([2, '']);
    expect(full.stderr).toContain('has 65 tokens, and the model 64 positions');
    const short = await alphalora('generate', model, '--prompt', prompt.slice(4), ...wasm);
    expect(short.code, short.stderr).toBe(0);
    expect(short.stderr).toContain('at most 3 tokens follow');
  });

  it('that prompts of an evaluation need are made by cutting them, which is told', async () => {
    const large = writeLanguageModel(join(root, 'large'), { positions: 600 });
    const data = join(root, 'problems.jsonl');
    const problem = (question: string) => JSON.stringify({ question, answer: 'so\n#### 3' });
    writeFileSync(data, `${problem('1 + 2')}\n${problem('1 + 2 '.repeat(120))}\n`);
    const { code, stdout, stderr } = await alphalora(
      ...['evaluate', large, '--task', 'gsm8k', '--data', data],
      ...['--max-tokens', '4', '--json', ...wasm],
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ examples: 2, cut: 1 });
    expect(stderr).toMatch(/1 of 2 prompts are longer than 596 tokens.*600 positions/);
  });
});

describe('a token that the model does not have', () => {
  const texts = [...new Array<string>(15).fill('the cat sat'), 'the [X] sat'];
  it('is told before the first step', async () => {
    const foreign = writeLanguageModel(join(root, 'foreign'), { foreign: '[X]' });
    const { code, stdout, stderr } = await alphalora(
      ...['train', foreign, '--allocation', allocation, '-o', output],
      ...sentences('foreign.jsonl', texts),
    );
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /token 64 at position \d+ of sequence 15 is not in the model's vocabulary/,
    );
    expect(existsSync(output)).toBe(false);
  });
});

describe('a learning rate that flattens the model', () => {
  const run = (...more: string[]) =>
    alphalora(
      ...['train', model, '--allocation', allocation, ...task, '--learning-rate', '100'],
      ...['--warmup-steps', '0', '--schedule', 'constant', '--json', ...more],
    );

  it('is told when the run is over', async () => {
    const { code, stdout, stderr } = await run('-o', join(root, 'flat'), '--steps', '4');
    expect(code, stderr).toBe(0);
    const { warning } = JSON.parse(stdout);
    expect(warning).toMatch(/no lower than at chance: where all 64 tokens .* is 4\.159/);
    expect(stderr).toContain(warning);
  });

  it('ends the run where nothing can be learned any more', async () => {
    const { code, stdout, stderr } = await run('-o', join(root, 'flatter'), '--steps', '12');
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('learning rate 100 has flattened the model');
  });
});

describe('generate --chat', () => {
  const chats = writeLanguageModel(join(root, 'chats'));
  const template =
    "{{ bos_token }}{% for m in messages %}{{ 'q ' + m.content + ' ' }}{% endfor %}{% if add_generation_prompt %}{{ 'a' }}{% endif %}";
  writeFileSync(join(chats, 'chat_template.jinja'), template);
  const more = ['--max-tokens', '5', '--json', ...wasm];

  it.each<[string, string[], RegExp]>([
    ['that nothing brings', [], /no prompt, and stdin is empty: give --prompt/],
    ['that - brings, and is empty', ['--prompt', '-'], /^backend: wasm\S*.*\n$/],
  ])('a prompt %s', async (_, prompt, message) => {
    const asked = start(['generate', chats, ...prompt, ...more]);
    asked.child.stdin!.end();
    expect((await asked.outcome).stderr).toMatch(message);
  });

  it("continues a prompt from stdin in the model's template, and prints the answer only", async () => {
    const asked = start(['generate', chats, '--chat', ...more]);
    asked.child.stdin!.end('the cat\n');
    const { code, stdout, stderr } = await asked.outcome;
    expect(code, stderr).toBe(0);
    const answer = JSON.parse(stdout);
    const plain = await alphalora('generate', chats, '--prompt', 'q the cat a', ...more);
    const whole = JSON.parse(plain.stdout);
    expect(answer).toMatchObject({ prompt: 'the cat', tokens: whole.tokens });
    expect(`q the cat a${answer.text}`).toBe(whole.text);
  });

  it('says what a model without a template lacks', async () => {
    const { code, stderr } = await alphalora('generate', model, '--chat', '--prompt', 'a', ...wasm);
    expect(code).toBe(2);
    expect(stderr).toContain('error: the model has no chat template (chat_template in tokenizer_');
  });
});

describe('the loss that is measured while training', () => {
  const cats = Array.from({ length: 30 }, (_, i) => `the cat sat on the mat${'.'.repeat(i)}`);
  const many = sentences('many.jsonl', cats);
  const recipe = ['--allocation', allocation, '--steps', '2', '--evaluate-every', '1', '--json'];

  it.each<[string, string[], number]>([
    ['a tenth', [], 3],
    ['as many as --hold-out says', ['--hold-out', '7'], 7],
  ])('is that of examples held out of one file: %s', async (_, more, held) => {
    const folder = join(root, `held-${held}`);
    const { code, stdout, stderr } = await alphalora(
      ...['train', model, ...recipe, ...many, ...more, '-o', folder],
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`note: ${held} of 30 examples are held out of training`);
    expect(JSON.parse(stdout).examples).toBe(30 - held);
    const [first] = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(first!).evaluation.loss).toBeGreaterThan(0);
  });

  it.each<[string, string[], RegExp]>([
    ['without measuring', ['--hold-out', '3'], /say how often \(--evaluate-every\)/],
    ['all of them', ['--evaluate-every', '1', '--hold-out', '30'], /leave none to train on/],
  ])('holds nothing out %s', async (_, more, message) => {
    const { code, stderr } = await alphalora(
      ...['train', model, '--allocation', allocation, ...many, ...more, '-o', output],
    );
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(output)).toBe(false);
  });
});

describe('a value of an option', () => {
  // There is no such model: whatever is told of the option was found before one was read.
  const absent = join(root, 'no-model');
  it.each<[string[], RegExp]>([
    [['--learning-rate', '0'], /learningRate/],
    [['--batch-size', '8', '--micro-batch-size', '3'], /multiple of microBatchSize/],
    [['--steps', '5', '--warmup-steps', '5'], /warmupSteps/],
    [['--router', 'topk'], /unknown router|top-k/],
    [['--router', 'soft', '--router-set', 'temprature=2'], /temprature/],
    [['--router-loss', 'nothing=1'], /nothing/],
    [['--dropout', '1.5'], /dropout/],
    [['--lora-alpha', '0'], /alpha/],
    [['--dynamic-rank', '16:8:4'], /rank/],
  ])('that is wrong is found before the model is read: %j', async (more, message) => {
    const { code, stderr } = await alphalora(
      ...['train', absent, '--allocation', allocation, ...task, ...more, '-o', output],
    );
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('no-model');
    expect(code).toBe(2);
  });
});

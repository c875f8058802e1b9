/** `plan` leads on: to what programs read, and to the commands that write it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { demoModel } from '@alphalora/testing/repository';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { alphalora } from '../../test-support/in-process.js';

const root = temporaryFolder('next');

it('writes the allocation for other programs, and says the commands for those that are left', async () => {
  const output = join(root, 'plan');
  const { code, stderr } = await alphalora(
    ...['plan', demoModel, '-o', output, '--unit', 'rank', '--draws', '0'],
    ...['--export', 'peft,axolotl'],
  );
  expect(code).toBe(0);
  const config = JSON.parse(readFileSync(join(output, 'peft/adapter_config.json'), 'utf8'));
  const axolotl = parse(readFileSync(join(output, 'axolotl.yaml'), 'utf8'));
  expect(axolotl.lora_r).toBe(config.r);
  expect(readdirSync(output).sort()).toEqual(
    ['allocation.json', 'analysis.json', 'axolotl.yaml', 'peft', 'report.html'].sort(),
  );
  const next = stderr.slice(stderr.indexOf('next: '));
  expect(next).toMatch(/open .*report\.html/);
  expect(next).not.toMatch(/--to (peft|axolotl)/);

  // What it says can be typed.
  const line = next.split('\n').find((each) => each.includes('--to pytorch'))!;
  const words = line.trim().split(/ +#/)[0]!.split(' ').slice(1);
  const folder = join(root, 'experts/');
  expect((await alphalora(...words.with(-1, folder))).code).toBe(0);
  expect(existsSync(join(folder, 'molora.py'))).toBe(true);
});

it('knows before it measures that a format cannot hold what is allocated', async () => {
  const output = join(root, 'none');
  const { code, stderr } = await alphalora(
    ...['plan', demoModel, '-o', output, '--unit', 'sparsity', '--export', 'peft'],
  );
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/the format peft cannot hold an allocation of sparsity: use csv/);
  expect(existsSync(output)).toBe(false);
});

it('names a table where no program takes the allocation, and nothing beside --json', async () => {
  const plan = ['plan', demoModel, '-o', join(root, 'bits'), '--unit', 'bits', '--draws', '0'];
  expect((await alphalora(...plan)).stderr).toMatch(/--to csv -o allocation\.csv/);
  expect((await alphalora(...plan, '--json')).stderr).not.toMatch(/next:/);
});

/** `plan` leads on: to what programs read, and to the commands that write it. */
import { spawnSync } from 'node:child_process';
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
  const next = stderr.slice(stderr.indexOf('next:'));
  expect(next).toMatch(/open .*report\.html/);
  expect(next).toContain(`LoraConfig.from_pretrained("${join(output, 'peft')}")`);
  expect(next).toMatch(/alphalora train .* --allocation .*allocation\.json/);
  expect(next).not.toMatch(/--to /);

  // A plan that is refused touches nothing.
  const before = readdirSync(output).sort();
  const refused = await alphalora('plan', demoModel, '-o', output, '--total', '3');
  expect(refused.code).not.toBe(0);
  expect(readdirSync(output).sort()).toEqual(before);

  // Of an earlier plan in the folder, it is told what this one does not write.
  const again = await alphalora(
    ...['plan', demoModel, '-o', output, '--unit', 'rank', '--draws', '0', '--export', 'peft'],
  );
  expect(again.code).toBe(0);
  expect(again.stderr).toMatch(
    /axolotl\.yaml is of an earlier plan: --export axolotl writes it anew/,
  );
  expect(readdirSync(output).sort()).toEqual(before);
});

it('says commands that can be typed', async () => {
  for (const [unit, file] of [
    ['experts', 'molora.py'],
    ['selection', ''],
    ['learning-rate', ''],
  ] as const) {
    const output = join(root, `a 'plan' of ${unit}`);
    const { stderr } = await alphalora(
      ...['plan', demoModel, '-o', output, '--unit', unit, '--draws', '0'],
    );
    const lines = stderr.split('\n').filter((line) => line.includes(' export '));
    expect(lines.length).toBeGreaterThan(unit === 'learning-rate' ? 0 : 1);
    for (const line of lines) {
      const command = line.trim().split(/ +#/)[0]!;
      const typed = spawnSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' });
      const [, ...words] = typed.stdout.trim().split('\n');
      const target = join(root, unit, words.at(-1)!);
      expect((await alphalora(...words.with(-1, target))).code, command).toBe(0);
      expect(existsSync(target)).toBe(true);
    }
    if (file !== '') expect(existsSync(join(root, unit, 'experts', file))).toBe(true);
  }
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

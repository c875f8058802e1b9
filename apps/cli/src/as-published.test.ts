/** `--as-published` and `--cast` as they are called. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@alphalora/testing/folders';
import { demoModel } from '@alphalora/testing/repository';
import { describe, expect, it } from 'vitest';
import { alphalora } from './test-support/in-process.js';

const folder = temporaryFolder('as-published');
const quick = ['--metrics', 'none', '--draws', '0', '--no-cache'];

async function written(command: string, ...argv: string[]) {
  const file = join(folder, `${argv.at(-1)!.replace(/\W/g, '')}-${command}.json`);
  const { code, stderr } = await alphalora(command, ...argv, '-o', file);
  expect(code, stderr).toBe(0);
  return { file, document: JSON.parse(readFileSync(file, 'utf8')) };
}

describe('--as-published', () => {
  it('sets all that the released code does, of both halves', async () => {
    const { file, document } = await written('analyze', demoModel, ...quick, '--as-published');
    expect(document.options).toMatchObject({
      ...{ cast: 'float16', estimator: 'fix-finger', aggregate: 'mean' },
    });
    const whole = await written('allocate', demoModel, ...quick, '--as-published');
    expect(whole.document).toMatchObject({
      policy: { name: 'alphalora', options: { beta: 2.5 } },
      rounding: 'official',
      budget: { unit: 'experts', total: 5 * document.blocks.length },
    });
    const half = await alphalora('allocate', file, '--as-published', '--json');
    expect(JSON.parse(half.stdout)).toEqual(whole.document);
  });

  it('takes no analysis that was measured otherwise, and says how to measure it', async () => {
    const other = ['--estimator', 'ks', '--split-fused'];
    const { file } = await written('analyze', demoModel, ...quick, ...other);
    const { code, stderr } = await alphalora('allocate', file, '--as-published');
    expect(code).toBe(2);
    expect(stderr).toBe(
      `error: ${file} was not measured as published (estimator ks, not fix-finger, cast to no type, ` +
        `not float16, with splitFused): run alphalora analyze ${demoModel} --as-published -o ${file}\n`,
    );
  });

  it.each([
    ['analyze', ['--estimator', 'hill'], '--estimator', 'sets another value'],
    ['analyze', ['--cast', 'bfloat16'], '--cast', 'sets another value'],
    ['analyze', ['--farms-size', '8x8'], '--farms-size', 'does not have it'],
    ['analyze', ['--cap', '8'], '--cap', 'does not have it'],
    ['allocate', ['--set', 'beta=3'], '--set', 'sets another value'],
    ['allocate', ['--policy', 'uniform'], '--policy', 'sets another value'],
    ['allocate', ['--unit', 'rank'], '--unit', 'sets another value'],
    ['plan', ['--rounding', 'floor-one'], '--rounding', 'sets another value'],
    ['plan', ['--min', '1'], '--min', 'does not have it'],
  ])('%s refuses %j beside it', async (command, argv, option, why) => {
    const { code, stderr } = await alphalora(command, demoModel, '--as-published', ...argv);
    expect(code).toBe(2);
    expect(stderr).toBe(
      `error: ${option} does not go with --as-published, which ${why}: leave out one of them\n`,
    );
  });

  it('goes with the same values given beside it, and with another total', async () => {
    const same = ['--estimator', 'fix-finger', '--set', 'beta=2.5', '--total', '9'];
    const { document } = await written('allocate', demoModel, ...quick, ...same, '--as-published');
    expect(document.experts.reduce((sum: number, each: number) => sum + each)).toBe(9);
  });
});

it('--cast is told by compare and by the report', async () => {
  const { file: a } = await written('analyze', demoModel, ...quick, '--cast', 'float16');
  const { file: b } = await written('analyze', demoModel, ...quick, '--cast', 'bfloat16');
  const { stderr } = await alphalora('compare', a, b);
  expect(stderr).toContain('cast is "float16" in a and "bfloat16" in b');
  const page = join(folder, 'report.html');
  expect((await alphalora('report', a, '-o', page)).code).toBe(0);
  expect(readFileSync(page, 'utf8')).toContain('--cast float16');
});

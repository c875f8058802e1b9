/** Options that would change nothing are refused as they are typed, before anything is read or measured. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDocument } from '@alphalora/documents';
import { analysisOf, measuredRow } from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { alphalora } from '../test-support/in-process.js';

const folder = temporaryFolder('unused');
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const rows = [1, 3].map((alpha, block) => measuredRow(`h.${block}.q_proj.weight`, alpha));
const analysis = file(
  'analysis.json',
  formatDocument(analysisOf(rows, [{ alpha: 1 }, { alpha: 3 }])),
);
const scores = file('scores.csv', 'block,score\n0,1\n1,2\n');

describe('options without an effect', () => {
  it.each<[string, string[]]>([
    ...[
      ['--estimator', 'hill'],
      ['--engine', 'wasm'],
      ['--include', 'q_proj'],
      ['--draws', '0'],
      ['--tail', '5'],
      ['--farms'],
      ['--adapter', 'lora'],
      ['--no-cache'],
      ['--jobs', '1'],
      ['--queue', 'redis://host/name'],
      ['--offline'],
    ].map((option): [string, string[]] => [
      `${option[0]} has no effect here: ${analysis} is measured already; give the model`,
      ['allocate', analysis, ...option],
    ]),
    ...[
      ['--cap', '8'],
      ['--fail-on', 'alpha>6'],
      ['--estimator', 'hill'],
    ].map((option): [string, string[]] => [
      `${option[0]} has no effect here: the layers are judged by --scores, and nothing is measured`,
      ['allocate', '--scores', scores, ...option],
    ]),
    [
      '--aggregate has no effect',
      ['allocate', analysis, '--scores', scores, '--aggregate', 'mean'],
    ],
    ['--cap has no effect', ['allocate', analysis, '--scores', scores, '--cap', '8']],
    [
      '--aggregate has no effect here: --per projection shares by the scores of projections and only shows those of blocks',
      ['allocate', analysis, '--per', 'projection', '--aggregate', 'median'],
    ],
    [
      '--top-k has no effect here: it is about experts, and --unit is rank',
      ['allocate', analysis, '--unit', 'rank', '--top-k', '2'],
    ],
    ['--rank has no effect', ['plan', 'model', '--unit', 'bits', '--rank', '4']],
    ['--cache-dir has no effect', ['plan', 'model', '--no-cache', '--cache-dir', folder]],
    ['--fail-on has no effect', ['plan', 'model', '--dry-run', '--fail-on', 'alpha>6']],
    ['--output has no effect', ['analyze', 'model', '--dry-run', '-o', 'a.json']],
    ['--queue has no effect', ['analyze', 'model', '--dry-run', '--queue', 'redis://host/name']],
    ['--unit has no effect', ['compare', analysis, analysis, '--unit', 'rank']],
    ['--cap has no effect', ['compare', analysis, analysis, '--cap', '8']],
    [
      '--top-k has no effect',
      ['compare', analysis, '--policies', 'uniform', '--unit', 'rank', '--top-k', '1'],
    ],
    [
      '--rounding has no effect here: policy gora rounds by itself',
      ['allocate', analysis, '--unit', 'rank', '--policy', 'gora', '--rounding', 'official'],
    ],
  ])('%s', async (message, argv) => {
    const outcome = await alphalora(...argv);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(`error: ${message}`);
  });

  it('are told of a policy that does not claim to follow the score', async () => {
    const capped = ['allocate', analysis, '--cap', '2', '--aggregate', 'median', '--policy'];
    expect((await alphalora(...capped, 'uniform')).stderr).toContain(
      'note: policy uniform does not claim to follow the score: --aggregate and --cap may change no amount\n',
    );
    expect((await alphalora(...capped, 'proportional')).stderr).not.toContain('may change');
    const plain = await alphalora('allocate', analysis, '--policy', 'uniform');
    expect(plain.stderr).not.toContain('may change');
  });

  it.each([
    [['allocate', analysis, '--aggregate', 'median', '--cap', '8', '--seed', '1']],
    [['allocate', '--scores', scores, '--seed', '1', '--json']],
    [['allocate', analysis, '--per', 'projection', '--cap', '8']],
    [['allocate', analysis, '--scores', scores, '--cap', '8', '--fail-on', 'block.alpha>6']],
    [['allocate', analysis, '--unit', 'experts', '--top-k', '1', '--rank', '4']],
    [['compare', analysis, analysis, '--top', '1']],
    [['compare', analysis, '--policies', 'uniform', '--aggregate', 'median', '--total', '4']],
  ])('are none of %j', async (argv) => {
    const { code, stderr } = await alphalora(...argv);
    expect(code, stderr).toBe(0);
  });
});

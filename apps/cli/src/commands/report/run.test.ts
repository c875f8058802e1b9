/** The documents that `report` takes beside the analysis. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDocument } from '@alphalora/documents';
import {
  allocationOf,
  analysisOf,
  measuredRow,
  projectionAllocation,
} from '@alphalora/documents/testing';
import { temporaryFolder } from '@alphalora/testing/folders';
import { describe, expect, it } from 'vitest';
import { alphalora } from '../../test-support/in-process.js';

const folder = temporaryFolder('report-documents');
const page = join(folder, 'report.html');

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function analysis(estimator: string, alphas: number[]): string {
  const rows = alphas.map((alpha, block) => measuredRow(`h.${block}.q_proj.weight`, alpha));
  const blocks = alphas.map((alpha) => ({ alpha }));
  const name = `${estimator}-${alphas.length}.json`;
  return file(name, formatDocument(analysisOf(rows, blocks, { estimator })));
}

const [hill, ks, deeper] = [
  analysis('hill', [2, 3]),
  analysis('ks', [3, 2]),
  analysis('hill', [1, 2, 3]),
];
const allocation = file('allocation.json', formatDocument(allocationOf([4, 6])));
const scores = file('scores.csv', 'block,score\n0,5\n1,7\n');

describe('report', () => {
  it('shows further analyses and files of scores side by side', async () => {
    const { code, stderr } = await alphalora(
      ...['report', hill, allocation, ks, '--scores', scores, '-o', page],
    );
    expect(code, stderr).toBe(0);
    const text = readFileSync(page, 'utf8');
    expect(text).toContain('judged by 3 scores: hill, ks and scores.');
    expect(text).toContain('id="scores"');
    await alphalora('report', hill, allocation, '-o', page);
    expect(readFileSync(page, 'utf8')).not.toContain('id="scores"');
  });

  it('refuses an allocation for projections of other shapes', async () => {
    const other = projectionAllocation(
      'experts',
      [0, 1].map((block) => [`h.${block}.q_proj.weight`, block, 2]),
    );
    const path = file('other.json', formatDocument(other));
    const { code, stderr } = await alphalora('report', hill, path, '-o', page);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        'h.0.q_proj.weight is 32 x 16 in the allocation and 4 x 4 in the analysis',
      ),
    ]);
  });

  it('warns of an allocation for another source', async () => {
    const tuned = allocationOf([4, 6], { model: { source: 'tuned' } });
    const path = file('tuned.json', formatDocument(tuned));
    const { code, stderr } = await alphalora('report', hill, path, '-o', page);
    const told = 'the allocation is for tuned, and the analysis is of memory';
    expect([code, stderr]).toEqual([0, expect.stringContaining(`warning: ${told}: make sure`)]);
    expect(readFileSync(page, 'utf8')).toContain(`T${told.slice(1)}.`);
    const same = allocationOf([4, 6], { model: { source: 'memory' } });
    const silent = await alphalora(
      ...['report', hill, file('same.json', formatDocument(same)), '-o', page],
    );
    expect(silent.stderr).not.toContain('warning');
  });

  it.each([
    [
      'an analysis of another model',
      [hill, deeper],
      /hill-3\.json is about 3 blocks and .* about 2/,
    ],
    [
      'two allocations',
      [hill, allocation, allocation],
      /are both allocations: a page is about one/,
    ],
  ])('refuses %s', async (_, argv, message) => {
    const { code, stderr } = await alphalora('report', ...argv, '-o', page);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });
});

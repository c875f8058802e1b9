import { describe, expect, it } from 'vitest';
import { renderReport } from './render.js';
import { analysisOf } from './test-support/documents.js';

function checkpoints(blocks: number, traps?: readonly number[]) {
  return [0, 1, 2].map((i) => {
    const alphas = Array.from({ length: 7 * blocks }, (_, at) => 5 - i + at / (7 * blocks));
    const analysis = analysisOf({ blocks, size: 60, alphas, seed: 1 });
    const row = analysis.matrices.find(({ status }) => status === 'ok')!;
    if (row.status === 'ok' && traps) row.metrics['rand_num_spikes'] = traps[i]!;
    return { name: `step-${i}`, analysis };
  });
}

const sectionOf = (page: string): string =>
  /<section aria-labelledby="series">.*?<\/section>/s.exec(page)?.[0] ?? '';

describe('the section of a series', () => {
  it('is absent without one', () => {
    const [{ analysis }] = checkpoints(2) as [ReturnType<typeof checkpoints>[number]];
    expect(renderReport({ analysis })).not.toContain('Over training');
  });

  it('has a line for each block, the mean, a table, and says that traps were not measured', () => {
    const given = checkpoints(30);
    const section = sectionOf(renderReport({ analysis: given[2]!.analysis, checkpoints: given }));
    expect(section.match(/class="depth"/g)).toHaveLength(30);
    expect(section.match(/class="fit"/g)).toHaveLength(1);
    expect(section.match(/<th scope="row">/g)).toHaveLength(30);
    expect(section.match(/<td class="h\d">/g)).toHaveLength(90);
    expect(section).toContain('3 checkpoints, from step-0 to step-2');
    expect(section).toContain('Correlation traps were not measured: analyze --metrics randomised');
  });

  it('lists matrices with traps', () => {
    const given = checkpoints(2, [0, 1, 3]);
    const section = sectionOf(renderReport({ analysis: given[2]!.analysis, checkpoints: given }));
    expect(section).toContain('random order: none at step-0, appeared at step-1, 3 at step-2.');
    expect(section).toMatch(
      /<td>0<\/td><td>1<\/td><td>3<\/td><td>none at step-0, appeared at step-1, 3 at step-2/,
    );
  });

  it('gives no verdict on traps from a single measurement', () => {
    const given = [...checkpoints(2).slice(0, 2), checkpoints(2, [0, 0, 1])[2]!];
    const section = sectionOf(renderReport({ analysis: given[2]!.analysis, checkpoints: given }));
    expect(section).toContain('random order: 1 at step-2, the only one measured.');
    expect(section).toContain('They were not measured at step-0 and step-1.');
    expect(section).not.toContain('stayed');
  });

  it('is about the analysis of the page, and of one model', () => {
    const given = checkpoints(2);
    const other = () => renderReport({ analysis: given[0]!.analysis, checkpoints: given });
    expect(other).toThrow(/another analysis than that of the last checkpoint, step-2/);
    const mixed = [checkpoints(3)[0]!, given[2]!];
    const page = () => renderReport({ analysis: given[2]!.analysis, checkpoints: mixed });
    expect(page).toThrow(/number of blocks of step-0 is 3, that of step-2 2/);
  });
});

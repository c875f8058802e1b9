import { parseThreshold } from '@alphalora/documents';
import { analysisOf, failedRow, measuredRow } from '@alphalora/documents/testing';
import { describe, expect, it } from 'vitest';
import { reportCrossings } from './crossings.js';

const analysis = analysisOf([
  measuredRow('h.0.q_proj.weight', 2.5),
  measuredRow('h.1.q_proj.weight', 9),
  failedRow('h.1.k_proj.weight'),
]);

describe('reportCrossings', () => {
  const report = (document: typeof analysis, ...texts: string[]): [boolean, string] => {
    let written = '';
    const output = { write: (text: string) => (written += text) };
    return [
      reportCrossings(
        document,
        texts.map((text) => parseThreshold(text)),
        output,
      ),
      written,
    ];
  };

  it('names what crossed which threshold, with its value', () => {
    expect(report(analysis, 'alpha>8', 'alpha<1', 'failed>0')).toEqual([
      true,
      '--fail-on alpha>8: h.1.q_proj.weight has 9\n--fail-on failed>0: the analysis has 1\n',
    ]);
    expect(report(analysis, 'alpha<1')).toEqual([false, '']);
  });

  it('counts what is beyond ten, and does not round a crossing away', () => {
    const rows = Array.from({ length: 13 }, (_, i) => measuredRow(`h.${i}.q_proj.weight`, 5));
    const many = analysisOf([...rows, measuredRow('h.13.q_proj.weight', 6.00000001)]);
    expect(report(many, 'alpha>6')[1]).toContain('has 6.00000001\n');
    const lines = report(many, 'alpha>4')[1].trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe('--fail-on alpha>4: and 4 more');
  });
});

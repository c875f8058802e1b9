/** Python reads the table with the numbers of the document: pandas where it is installed, else csv. */
import { analysisOf, failedRow, measuredRow, skippedRow } from '@alphalora/documents/testing';
import { describeUnless } from '@alphalora/testing/lacking';
import { pythonLacks, runPython } from '@alphalora/testing/python';
import { expect, it } from 'vitest';
import { filesOf } from '../test-support/exported.js';

const reader = pythonLacks('pandas') ? 'the csv module' : 'pandas';

/** Prints per row: status, alpha, sv_max, log_norm, has_esd, reason. */
const programs = {
  pandas: `
import io, json, sys, pandas
details = pandas.read_csv(io.StringIO(sys.stdin.read()))
assert details.alpha.dtype == 'float64' and details.has_esd.dtype == 'bool'
columns = details[['status', 'alpha', 'sv_max', 'log_norm', 'has_esd', 'reason']]
print(columns.astype(object).where(columns.notna(), None).to_json(orient='values', double_precision=15))
`,
  'the csv module': `
import csv, io, json, sys
number = lambda text: float(text) if text else None
print(json.dumps([
    [row['status'], number(row['alpha']), number(row['sv_max']), number(row['log_norm']),
     {'True': True, 'False': False}[row['has_esd']], row['reason'] or None]
    for row in csv.DictReader(io.StringIO(sys.stdin.read()))
]))
`,
};

describeUnless(pythonLacks('csv'), `csv, read by ${reader} of Python`, () => {
  it('has the same numbers', async () => {
    const alpha = 2 + 1 / 3;
    const analysis = analysisOf([
      measuredRow('h.0.q_proj.weight', alpha, {
        metrics: { spectral_norm: 6.25, log_norm: -1e-7 },
      }),
      failedRow('h.0.k_proj.weight', 'contains NaN, "here"\nand there'),
      skippedRow('norm.weight'),
    ]);
    const input = (await filesOf(analysis, 'csv')) as string;
    const rows = JSON.parse(runPython(programs[reader], { input })) as Array<
      [string, number | null, ...unknown[]]
    >;
    expect(rows[0]![1]).toBeCloseTo(alpha, 14);
    expect(rows.map(([status, , ...rest]) => [status, ...rest])).toEqual([
      ['success', 2.5, -1e-7, true, null],
      ['failed', null, null, false, 'contains NaN, "here"\nand there'],
      ['skipped', null, null, false, 'not a matrix'],
    ]);
  });
});

/** Tables as CSV (RFC 4180): a header, then a line for each record; what is not known stays empty. */
// This build runs everywhere; the other one needs Node's Buffer.
import { stringify } from 'csv-stringify/browser/esm/sync';

export type Cells = Record<string, string | number | boolean | undefined>;

export function tableOf(records: readonly Cells[], columns: readonly string[]): string {
  // By position: by name, the library takes dots for paths and finds what every object inherits.
  const rows = records.map((record) =>
    columns.map((column) => (Object.hasOwn(record, column) ? record[column] : undefined)),
  );
  return stringify(rows, {
    header: true,
    columns: [...columns],
    cast: {
      boolean: (value) => (value ? 'True' : 'False'),
      // A spreadsheet would run a name that looks like a formula.
      string: (value) => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value),
    },
  });
}

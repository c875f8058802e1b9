/** What the READMEs list is what can be chosen by name: a table that was not kept up fails here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policies } from '../packages/allocator/src/index.js';
import { formats } from '../packages/checkpoint/src/index.js';
import { exporters } from '../packages/exporters/src/index.js';
import { estimators, metrics } from '../packages/htsr-core/src/index.js';
import { engines, sources } from '../packages/measuring/src/index.js';
import { routerLosses, routers } from '../packages/molora-tfjs/src/index.js';
import { codeIn, tablesIn } from './lib/markdown.js';
import { root } from './lib/workspace.js';

const readme = (folder: string): string => readFileSync(join(root, folder, 'README.md'), 'utf8');

/** The rows of the one table of a README whose first columns have these titles. */
function rowsOf(folder: string, ...titles: string[]): string[][] {
  const tables = tablesIn(readme(folder)).filter(({ header }) =>
    titles.every((title, column) => header[column] === title),
  );
  expect(tables, `tables of ${folder} with ${titles}`).toHaveLength(1);
  return tables[0]!.rows;
}

/** Names in the first cells; a cell may hold several. */
const namesIn = (rows: readonly string[][]): string[] => rows.flatMap(([cell]) => codeIn(cell!));

describe('the table of each kind lists all of them, in any order', () => {
  it.each([
    ['packages/htsr-core', ['name', 'cut'], estimators],
    ['packages/htsr-core', ['group', 'metrics'], metrics],
    ['packages/allocator', ['name', 'shares out'], policies],
    ['packages/exporters', ['format', 'documents'], exporters],
    ['packages/checkpoint', ['format', 'files'], formats],
    ['packages/measuring', ['engine'], engines],
    ['packages/measuring', ['source'], sources],
    ['packages/molora-tfjs', ['router', 'gates'], routers],
    ['packages/molora-tfjs', ['loss of routers'], routerLosses],
    ['apps/cli', ['`--to`'], exporters],
  ])('%s: %j', (folder, titles, registry) => {
    expect(namesIn(rowsOf(folder, ...titles)).toSorted()).toEqual(registry.names().toSorted());
  });

  it.each([
    ['`--estimator`', estimators, []],
    ['`--metrics`', metrics, ['all', 'none']],
    ['`--engine`', engines, []],
  ])('apps/cli: the option %s', (option, registry, further) => {
    const rows = tablesIn(readme('apps/cli')).flatMap((table) => table.rows);
    const [, text] = rows.find(([cell]) => cell === option)!;
    expect(codeIn(text!).toSorted()).toEqual([...registry.names(), ...further].toSorted());
  });
});

describe('the columns say what each of them says of itself', () => {
  it('metrics: those of the group', () => {
    for (const [cell, text] of rowsOf('packages/htsr-core', 'group', 'metrics')) {
      const group = metrics.get(codeIn(cell!)[0]!);
      expect([...new Set(codeIn(text!))], cell).toEqual(expect.arrayContaining([...group.metrics]));
    }
  });

  it('policies: the resources that are shared out', async () => {
    for (const [cell, text] of rowsOf('packages/allocator', 'name', 'shares out')) {
      const { traits } = await policies.load(codeIn(cell!)[0]!);
      expect(text, cell).toBe(traits.resources.join(', ').replaceAll('-', ' '));
    }
  });

  it('exporters: the documents, and what an allocation may be of', async () => {
    for (const [cell, documents, units] of rowsOf('packages/exporters', 'format', 'documents')) {
      const exporter = await exporters.load(codeIn(cell!)[0]!);
      expect(documents, cell).toBe(exporter.kinds.join(', '));
      expect(units, cell).toBe(exporter.units?.join(', ') ?? 'anything');
    }
  });

  it('formats of weights: the endings of names', () => {
    for (const [cell, text] of rowsOf('packages/checkpoint', 'format', 'files')) {
      expect(codeIn(text!), cell).toEqual(formats.get(codeIn(cell!)[0]!).extensions);
    }
  });
});

describe('what is chosen by name', () => {
  it('calls itself so', async () => {
    for (const registry of [exporters, estimators, policies, formats]) {
      for (const name of registry.names()) expect((await registry.load(name)).name).toBe(name);
    }
  });
});

/** What the READMEs list is what can be chosen by name: a table that was not kept up fails here. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { languageModelHelp } from '../apps/cli/src/options/common.js';
import { policies } from '../packages/allocator/src/index.js';
import { formats } from '../packages/checkpoint/src/index.js';
import { exporters } from '../packages/exporters/src/index.js';
import { estimators, metrics } from '../packages/htsr-core/src/index.js';
import { engines, sources } from '../packages/measuring/src/index.js';
import { decoderConfig } from '../packages/molora-tfjs/src/decoder/index.js';
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

/** The families that molora-tfjs computes, `model_type` and title, as its registry lists them. */
function decoderFamilies(): string[][] {
  const path = 'packages/molora-tfjs/src/decoder/families/index.ts';
  const entries = readFileSync(join(root, path), 'utf8').matchAll(
    /^ {2}(\w+): \{ title: '(.*)',/gm,
  );
  const families = [...entries].map(([, type, title]) => [type!, title!]);
  const names = families.map(([type]) => type).join(', ');
  expect(() => decoderConfig({ model_type: 'none' })).toThrow(`it can be one of ${names}`);
  return families;
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

  it('packages/molora-tfjs: the families of models, by their names in config.json', () => {
    const rows = rowsOf('packages/molora-tfjs', '`model_type`', 'family');
    expect(rows.map(([type, title]) => [codeIn(type!)[0], title])).toEqual(decoderFamilies());
  });

  it.each([
    ['README.md', readme('.')],
    ['apps/cli/README.md', readme('apps/cli')],
    ['the help of the command line', languageModelHelp],
  ])('%s: the families of models, in a sentence', (_, text) => {
    const titles = decoderFamilies().map(([, title]) => title);
    const sentence = `${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`;
    expect(text.replaceAll('\n', ' ')).toContain(sentence);
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
